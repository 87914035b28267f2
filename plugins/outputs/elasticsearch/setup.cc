#include "plugins/outputs/elasticsearch/setup.h"

#include <fmt/format.h>

#include "pipeline/observe/log.h"

namespace millrace::elasticsearch {

bool ClusterSetup::plan(const Host& host, Clock::time_point now) {
  auto steps = bootstrap_steps(settings_, host.server.value_or(ServerInfo{}));
  if (!steps) return later(now, steps.error().message), false;
  steps_ = std::move(*steps);
  planned_ = true;
  done_ = steps_.empty();
  return !done_;
}

std::optional<HttpRequest> ClusterSetup::next(const Host& host, Clock::time_point now) {
  if (done_ || in_flight_ || not_before_ > now) return std::nullopt;
  if (!planned_ && !plan(host, now)) return std::nullopt;
  const BootstrapStep& step = steps_[at_];
  HttpRequest request;
  request.method = step.method;
  request.url = host.base + step.path;
  if (!step.body.empty()) request.body = {step.body};
  in_flight_ = true;
  return request;
}

void ClusterSetup::advance(std::size_t steps) {
  at_ += steps;
  tries_ = 0;
  done_ = at_ >= steps_.size();
  if (!said_.empty() && done_) log::info(component_, "the server has what it must have now");
}

void ClusterSetup::later(Clock::time_point now, const std::string& why) {
  not_before_ = now + backoff_.pause(tries_++, random_);
  if (said_ != why) log::error(component_, "{}; nothing is sent until that works", why);
  said_ = why;
}

void ClusterSetup::answered(const HttpAnswer& answer, const std::string& explained,
                            Clock::time_point now) {
  in_flight_ = false;
  const BootstrapStep& step = steps_[at_];
  if (answer.outcome != HttpAnswer::Outcome::answered)
    return later(now, fmt::format("{}: {}", step.what, answer.problem));
  const std::string place = fmt::format("{}: {} {} answers {}: {}", step.what, step.method,
                                        step.path, answer.status, explained);
  switch (judge(step, answer.status, answer.body)) {
    case StepResult::next:
      if (step.method == "PUT") log::info(component_, "{} installed", step.what);
      return advance(1);
    case StepResult::skip:
      return advance(1 + step.if_there);
    case StepResult::no_rights:
      log::warn(component_, "{}: the user may not see or make it; going on as if it were there",
                step.what);
      return advance(1 + step.if_there);
    case StepResult::refused:
    case StepResult::again:
      return later(now, place);
  }
}

}  // namespace millrace::elasticsearch
