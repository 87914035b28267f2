#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/result.h"
#include "plugins/outputs/elasticsearch/response.h"

namespace millrace::elasticsearch {

/// What the cluster must have before documents go there.
struct BootstrapSettings {
  enum class Api : std::uint8_t { automatic, legacy, composable };
  bool manage_template = false;
  bool overwrite = false;
  Api api = Api::automatic;
  std::string template_name;
  std::string template_file;  ///< "": the default one
  std::string template_body;  ///< of the file
  std::string index_pattern;  ///< of the default template: "logstash-*"
  bool ecs = false;

  bool data_stream = false;  ///< the server must know data streams
  bool ilm = false;
  std::string ilm_alias;
  std::string ilm_pattern;
  std::string ilm_policy;
  bool ilm_default_policy = false;  ///< made where it is missing
};

/// One request of the sequence that prepares a cluster.
struct BootstrapStep {
  enum class Expect : std::uint8_t {
    is_there,  ///< 200: `if_there` more steps are left out; 404: they follow
    done,      ///< 2xx, or what says that another made it first
    must_be,   ///< 200, or it is refused
  };
  std::string what;  ///< for messages: "template logstash"
  std::string method;
  std::string path;  ///< below the host's base, percent-encoded
  std::string body;
  Expect expect = Expect::done;
  std::size_t if_there = 0;
};

/// The steps for `server`. Errors: Errc::unsupported where it lacks what the settings ask for.
Result<std::vector<BootstrapStep>> bootstrap_steps(const BootstrapSettings& settings,
                                                   const ServerInfo& server);

/// How a step ended.
enum class StepResult : std::uint8_t {
  next,       ///< on with the next one
  skip,       ///< it is there: `if_there` steps are left out
  no_rights,  ///< the user may not: said, and on with the next one
  refused,    ///< the server will not take it as it is
  again,      ///< later
};
StepResult judge(const BootstrapStep& step, int status, std::string_view body);

/// The default templates: a body for the API that is used.
std::string default_template(const BootstrapSettings& settings, bool composable, bool serverless);

/// Percent-encodes what is no letter, digit, '-', '_', '.' or '~'.
std::string url_encoded(std::string_view text);

}  // namespace millrace::elasticsearch
