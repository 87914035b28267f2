#pragma once

#include <string>

namespace grok {

/// The page that says which tier runs each standard pattern, as Markdown. `directory` holds legacy/
/// and ecs-v1/.
std::string tier_page(const std::string& directory);

}  // namespace grok
