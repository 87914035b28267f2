#include "plugins/outputs/elasticsearch/sender.h"

#include <fmt/format.h>

#include "pipeline/event/json_write.h"
#include "pipeline/observe/log.h"
#include "pipeline/observe/thread_name.h"

namespace millrace::elasticsearch {

using Outcome = HttpAnswer::Outcome;

Result<std::unique_ptr<Sender>> Sender::create(const Settings& settings,
                                               std::shared_ptr<DeadLetters> dead_letters) {
  auto client = HttpClient::create(settings.http);
  if (!client) return fail(std::move(client).error());
  std::unique_ptr<Sender> sender(new Sender(settings, std::move(*client), std::move(dead_letters)));
  sender->thread_ = std::thread([made = sender.get()] {
    name_thread("bulk sender");
    made->work();
  });
  return sender;
}

Sender::Sender(const Settings& settings, std::unique_ptr<HttpClient> client,
               std::shared_ptr<DeadLetters> dead_letters)
    : settings_(settings),
      client_(std::move(client)),
      dead_letters_(std::move(dead_letters)),
      hosts_(settings.hosts, {settings.backoff, settings.resurrect_delay}),
      jobs_(settings.limits, settings.actions.compression_level, settings.items, settings.backoff,
            [this](std::span<const Rejected> rejected) { return keep_rejected(rejected); }),
      concurrency_(settings.concurrency),
      setup_(settings.bootstrap, settings.backoff, settings.component),
      notices_(settings.component),
      inbox_(kMostBytes, [this] { client_->wake(); }) {}

Sender::~Sender() { give_up(); }

void Sender::give_up() {
  inbox_.give_up();
  if (thread_.joinable()) thread_.join();
}

void Sender::put(Delivery delivery, const StopSignal& stop) {
  const auto& parcel = static_cast<const BulkParcel&>(*delivery.parcel);
  const std::size_t bytes = delivery.footprint() + parcel.footprint();
  inbox_.put(std::move(delivery), bytes, stop);
}

void Sender::finish(const StopSignal& stop) {
  inbox_.finish();
  inbox_.wait_until_ended(stop);
  give_up();
}

void Sender::work() {
  while (take_inbox()) {
    const auto now = Clock::now();
    probe_hosts(now);
    set_up(now);
    send_jobs(now);
    totals_.change([&](Totals::Counts& counts) {
      counts.allowed = concurrency_.allowed();
      counts.alive = hosts_.alive();
      counts.hosts = hosts_.all().size();
    });
    client_->run(time_to_wait(Clock::now()));
  }
  inbox_.ended();
}

/// False: the thread's work is done.
bool Sender::take_inbox() {
  inbox_.release(jobs_.take_released());
  DeliveryInbox::Arrived arrived = inbox_.take();
  if (arrived.give_up) return false;
  const auto now = Clock::now();
  for (Delivery& delivery : arrived.deliveries) jobs_.add(std::move(delivery), now);
  return !(arrived.no_more && arrived.deliveries.empty() && jobs_.empty());
}

std::chrono::milliseconds Sender::time_to_wait(Clock::time_point now) const {
  const Clock::duration longest = std::chrono::seconds(1);
  const auto until = [&](Clock::time_point due) {
    return std::max(Clock::duration::zero(), due - now);
  };
  Clock::duration wait = std::min(longest, until(hosts_.due(now)));
  const bool may_send =
      in_flight_ < concurrency_.allowed() && setup_.done() && hosts_.can_pick(now);
  if (may_send) wait = std::min(wait, until(jobs_.due()));
  if (!setup_.done() && setup_.due() > now) wait = std::min(wait, until(setup_.due()));
  return std::chrono::ceil<std::chrono::milliseconds>(wait);
}

HttpRequest Sender::request_to(const Host& host, std::string method, std::string_view path) const {
  HttpRequest request;
  request.method = std::move(method);
  request.url = host.base + std::string(path);
  request.headers = settings_.headers;
  if (!host.authorization.empty()) request.headers.push_back(host.authorization);
  if (host.server && host.server->serverless)
    request.headers.emplace_back("Elastic-Api-Version: 2023-10-31");
  return request;
}

// Hosts: asked who they are before they get documents, and again after they were lost.

void Sender::probe_hosts(Clock::time_point now) {
  while (Host* const host = hosts_.to_probe(now)) {
    host->probing = true;
    probe(*host, settings_.healthcheck_path);
  }
}

void Sender::probe(Host& host, std::string_view path) {
  if (path.empty()) {
    client_->start(request_to(host, "GET", "/"),
                   [this, &host](const HttpAnswer& answer) { root_answered(host, answer); });
    return;
  }
  client_->start(request_to(host, "HEAD", path),
                 [this, &host](const HttpAnswer& answer) { probed(host, answer); });
}

void Sender::probed(Host& host, const HttpAnswer& answer) {
  if (answer.outcome == Outcome::answered && answer.status == 200) return probe(host, "");
  lost(host, answer.outcome == Outcome::answered
                 ? fmt::format("{} answers {}", settings_.healthcheck_path, answer.status)
                 : answer.problem);
}

void Sender::root_answered(Host& host, const HttpAnswer& answer) {
  if (answer.outcome != Outcome::answered) return lost(host, answer.problem);
  if (answer.status == 403) {  // many may write, but not look
    ServerInfo assumed;
    assumed.major = 8;
    assumed.number = "(of a version that the user may not see)";
    return alive(host, std::move(assumed));
  }
  if (answer.status != 200)
    return lost(host, fmt::format("it answers {}: {} ({})", answer.status,
                                  reader_.explain(answer.body), advice_for(answer.status)));
  auto server = read_server_info(answer.body, answer.header("x-elastic-product"));
  if (!server) return lost(host, server.error().message);
  alive(host, std::move(*server));
}

void Sender::alive(Host& host, ServerInfo server) {
  const bool was_dead = host.state == Host::State::dead;
  host.probing = false;
  host.said_dead = false;
  log::info(settings_.component, "{} {} {}", host.base, was_dead ? "is back:" : "is",
            server.text());
  hosts_.revived(host, std::move(server));
}

void Sender::lost(Host& host, std::string_view why) {
  hosts_.lost(host, Clock::now());
  host.probing = false;
  if (std::exchange(host.said_dead, true)) return;
  log::warn(settings_.component, "{}: {}; it is asked again until it is back{}", host.base, why,
            hosts_.alive() == 0 ? ", events wait" : "");
}

void Sender::set_up(Clock::time_point now) {
  if (setup_.done()) return;
  Host* const host = hosts_.pick(now);
  if (!host) return;
  auto step = setup_.next(*host, now);
  if (!step) return;
  step->headers = request_to(*host, "", "").headers;
  if (!step->body.empty()) step->headers.emplace_back("Content-Type: application/json");
  client_->start(std::move(*step), [this, host](const HttpAnswer& answer) {
    if (answer.outcome != Outcome::answered) lost(*host, answer.problem);
    setup_.answered(answer, reader_.explain(answer.body), Clock::now());
  });
}

// Jobs

void Sender::send_jobs(Clock::time_point now) {
  while (setup_.done() && in_flight_ < concurrency_.allowed()) {
    Host* const host = hosts_.pick(now);
    Job* const job = host ? jobs_.next(now) : nullptr;
    if (!job) return;
    send(*host, *job);
  }
}

void Sender::send(Host& host, Job& job) {
  HttpRequest request = request_to(host, "POST", settings_.bulk_path);
  request.headers.emplace_back("Content-Type: application/x-ndjson");
  request.headers.push_back(
      fmt::format("X-Opaque-Id: millrace-{}-{}", settings_.pipeline_id, ++made_));
  // What proxies and the server's own metrics cannot see in a compressed body.
  request.headers.push_back(fmt::format("X-Elastic-Event-Count: {}", job.sent));
  request.headers.push_back(
      fmt::format("X-Elastic-Uncompressed-Request-Length: {}", job.body->plain_size()));
  if (job.body->compressed()) request.headers.emplace_back("Content-Encoding: gzip");
  request.body.assign(job.body->pieces().begin(), job.body->pieces().end());
  ++in_flight_;
  ++host.in_flight;
  totals_.change([&](Totals::Counts& counts) {
    ++counts.requests;
    counts.plain_bytes += job.body->plain_size();
    counts.wire_bytes += job.body->wire_size();
    counts.in_flight = in_flight_;
    counts.most_in_flight = std::max(counts.most_in_flight, in_flight_);
  });
  client_->start(std::move(request),
                 [this, &host, &job](const HttpAnswer& answer) { answered(host, job, answer); });
}

void Sender::answered(Host& host, Job& job, const HttpAnswer& answer) {
  --in_flight_;
  --host.in_flight;
  totals_.change([&](Totals::Counts& counts) {
    counts.took += answer.took;
    counts.in_flight = in_flight_;
    counts.lost_connections += answer.outcome == Outcome::unknown;
  });
  const auto now = Clock::now();
  switch (answer.outcome) {
    case Outcome::answered:
      return status_answered(host, job, answer);
    case Outcome::not_sent:
      lost(host, answer.problem);
      return jobs_.put_back(job, now);
    case Outcome::unknown:
      lost(host, answer.problem);
      concurrency_.too_much(in_flight_);
      return jobs_.broken(job, now);
  }
}

void Sender::status_answered(Host& host, Job& job, const HttpAnswer& answer) {
  const auto now = Clock::now();
  const Step step = decide_request(answer.status);
  if (step != Step::read_items)
    totals_.change([&](Totals::Counts& counts) { ++counts.requests_again[answer.status]; });
  switch (step) {
    case Step::read_items:
      return read_items(host, job, answer);
    case Step::retry:
    case Step::wait:
      return turned_away(host, job, answer, step == Step::wait);
    case Step::split:
    case Step::bisect:
      return too_much_for_it(host, job, answer, step == Step::split);
    case Step::leave_host:
      lost(host, fmt::format("bulk requests are answered with {} ({})", answer.status,
                             advice_for(answer.status)));
      return jobs_.put_back(job, now);
  }
}

/// Too large, or with something in it that spoils the rest: in halves.
void Sender::too_much_for_it(Host& host, Job& job, const HttpAnswer& answer, bool too_large) {
  const auto now = Clock::now();
  hosts_.served(host);
  ItemAnswer refusal;
  refusal.status = answer.status;
  refusal.has_error = true;
  refusal.error_type = too_large ? "too_large" : "request_refused";
  refusal.reason = reader_.explain(answer.body);
  // Where no request was ever accepted it is not the event that is wrong, but the requests.
  if (!too_large && job.sent == 1 && !was_accepted_) {
    notices_.begin(
        "wait",
        "{} answers every request with {}: {} (check `parameters` and `bulk_path`); events wait, "
        "nothing is lost",
        host.base, answer.status, refusal.reason);
    return jobs_.put_back_for_a_while(job, now);
  }
  if (too_large) jobs_.learn_too_large(job.body->plain_size());
  notices_.begin(
      too_large ? "split" : "bisect", "{} answers {}: {}; {}", host.base, answer.status,
      refusal.reason,
      too_large ? "requests are made smaller" : "looking for the event that spoils the request");
  jobs_.halve(job, refusal, now);
}

/// All of it again, elsewhere at once or here later.
void Sender::turned_away(Host& host, Job& job, const HttpAnswer& answer, bool somebody_must_act) {
  const auto now = Clock::now();
  if (somebody_must_act)
    notices_.begin("wait", "{} answers {}: {} ({}); events wait, nothing is lost", host.base,
                   answer.status, reader_.explain(answer.body), advice_for(answer.status));
  else
    notices_.begin("busy", "{} answers {}: {}; sending more slowly", host.base, answer.status,
                   reader_.explain(answer.body));
  hosts_.busy(host, now, answer.retry_after);
  concurrency_.too_much(in_flight_);
  jobs_.put_back(job, now);
}

void Sender::read_items(Host& host, Job& job, const HttpAnswer& answer) {
  const auto now = Clock::now();
  const auto items = reader_.read(answer.body, job.actions);
  if (!items) {
    totals_.change([](Totals::Counts& counts) { ++counts.requests_again[0]; });
    concurrency_.too_much(in_flight_);
    jobs_.put_back(job, now);
    if (!hosts_.odd(host, now))
      return notices_.begin("odd",
                            "{}: {}; what became of the events is unknown, they are sent again",
                            host.base, items.error().message);
    return lost(host, items.error().message);
  }
  hosts_.served(host);
  was_accepted_ = true;
  const Tally tally = jobs_.answered(job, *items, now);
  count(tally);
  if (tally.busy > 0)
    concurrency_.too_much(in_flight_);
  else
    concurrency_.good();
  tell(host, tally);
}

void Sender::count(const Tally& tally) {
  totals_.change([&](Totals::Counts& counts) {
    counts.documents += tally.delivered;
    counts.absorbed += tally.absorbed;
    counts.failure_store += tally.failure_store;
    const std::size_t turned_away = tally.busy + tally.waiting;
    if (turned_away > 0) counts.items_again[tally.status] += turned_away;
    if (tally.unknown > 0) counts.items_again[0] += tally.unknown;
  });
}

void Sender::tell(const Host& host, const Tally& tally) {
  notices_.end("odd", "answers are complete again");
  notices_.end("wait", "requests are accepted again");
  if (tally.busy > 0)
    notices_.begin(
        "busy",
        "{}: {} events are turned away for now with {}: {}; they are sent again, more slowly",
        host.base, tally.busy, tally.status, tally.reason);
  else
    notices_.end("busy", "the server keeps up again");
  if (tally.waiting > 0)
    notices_.begin("blocked",
                   "{}: {} events are refused with {}: {}; they wait until somebody changes that",
                   host.base, tally.waiting, tally.status, tally.reason);
  else if (tally.delivered > 0 && !jobs_.waits())
    notices_.end("blocked", "no events are refused any more");
  if (tally.not_kept > 0)
    notices_.begin("not kept",
                   "{} events are refused for good, but the dead letters have no room: they wait",
                   tally.not_kept);
  else if (tally.dead_lettered > 0)
    notices_.end("not kept", "the dead letters have room again");
}

// Dead letters

std::size_t Sender::keep_rejected(std::span<const Rejected> rejected) {
  std::vector<DeadLetter> letters;
  std::vector<std::string> details(rejected.size());
  for (std::size_t at = 0; at < rejected.size(); ++at) {
    const Rejected& one = rejected[at];
    tell_rejected(one);
    const std::size_t line = one.sent.find('\n');
    Buffer metadata;
    write_json_string(one.sent.substr(0, line), metadata);
    details[at] = fmt::format(R"({{"status":{},"action":{}}})", one.status, metadata.view());
    const DeadLetterReason reason{
        .code = one.code,
        .message = one.reason,
        .plugin_type = "elasticsearch",
        .plugin_id = settings_.plugin_id,
        .details = details[at],
        .original = line == std::string_view::npos ? "" : one.sent.substr(line + 1)};
    letters.push_back({one.delivery.batch(), one.event, reason});
  }
  std::vector<DeadLetterOutcome> outcomes(letters.size());
  return dead_letters_->write(letters, outcomes);
}

/// Once for each code; all are counted in the ledger and can be read in the dead-letter queue.
void Sender::tell_rejected(const Rejected& rejected) {
  constexpr std::size_t kMostCodes = 50;
  if (!dead_letters_->keeps()) return;  // what stands in for a queue speaks for itself
  const auto& silent = settings_.silent_errors;
  if (std::find(silent.begin(), silent.end(), rejected.code) != silent.end()) return;
  if (told_rejected_.size() >= kMostCodes ||
      !told_rejected_.insert(std::string(rejected.code)).second)
    return;
  log::warn(settings_.component,
            "an event is refused for good and goes to the dead letters: {} {}: {}", rejected.status,
            rejected.code, rejected.reason.substr(0, 500));
}

}  // namespace millrace::elasticsearch
