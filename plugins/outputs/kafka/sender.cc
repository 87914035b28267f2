#include "plugins/outputs/kafka/sender.h"

#include <fmt/format.h>

#include <algorithm>

#include "pipeline/event/json_write.h"
#include "pipeline/observe/thread_name.h"
#include "pipeline/plugin/dead_lettering.h"
#include "plugins/support/kafka/journal.h"

namespace millrace::kafka::out {
namespace {

constexpr std::chrono::milliseconds kIdle{500};
constexpr std::chrono::milliseconds kSettleAgain{200};  // where the dead letters have no room
constexpr std::chrono::milliseconds kPurgeStep{50};
constexpr std::chrono::seconds kPurgeLimit{10};

std::size_t bytes_of(const Delivery& delivery) {
  return delivery.footprint() + static_cast<const RecordParcel&>(*delivery.parcel).footprint();
}

}  // namespace

Sender::Sender(const Settings& settings, const RecordEncoder& encoder,
               std::shared_ptr<DeadLetters> dead_letters)
    : settings_(settings),
      record_(encoder.settings()),
      dead_letters_(std::move(dead_letters)),
      cluster_(kafka::describe_cluster(settings.properties)),
      notices_(settings.component),
      inbox_(settings.most_bytes_held, [this] { producer_->wake(); }) {}

Result<std::unique_ptr<Sender>> Sender::create(const Settings& settings,
                                               const RecordEncoder& encoder,
                                               std::shared_ptr<DeadLetters> dead_letters) {
  auto producer =
      kafka::Producer::create(settings.properties, settings.component, settings.partitioner);
  if (!producer) return fail(std::move(producer).error());
  std::unique_ptr<Sender> sender(new Sender(settings, encoder, std::move(dead_letters)));
  sender->producer_ = std::move(*producer);
  sender->thread_ = std::thread([made = sender.get()] {
    name_thread("kafka sender");
    made->work();
  });
  return sender;
}

Sender::~Sender() {
  give_up();
  producer_.reset();
}

void Sender::give_up() {
  inbox_.give_up();
  if (thread_.joinable()) thread_.join();
}

void Sender::put(Delivery delivery, const StopSignal& stop) {
  const std::size_t bytes = bytes_of(delivery);
  inbox_.put(std::move(delivery), bytes, stop);
}

void Sender::finish(const StopSignal& stop) {
  inbox_.finish();
  inbox_.wait_until_ended(stop);
  give_up();
}

void Sender::work() {
  while (take_inbox()) {
    send(Clock::now());
    reports_.clear();
    producer_->poll(time_to_wait(Clock::now()), reports_);
    const auto now = Clock::now();
    bool lost = false;
    for (const kafka::DeliveryReport& report : reports_) {
      lost = lost || report.code != 0;
      reported(report, now);
    }
    if (lost && producer_->fatal_error()) renew_producer();
    settle();
  }
  shipments_.let_go();
  inbox_.ended();
}

/// False: the thread's work is done.
bool Sender::take_inbox() {
  DeliveryInbox::Arrived arrived = inbox_.take();
  if (arrived.give_up) return false;
  for (Delivery& delivery : arrived.deliveries) {
    const std::size_t bytes = bytes_of(delivery);
    shipments_.add(std::move(delivery), bytes);
  }
  return !(arrived.no_more && arrived.deliveries.empty() && shipments_.empty());
}

kafka::ProducerRecord Sender::record_of(Ticket& ticket) {
  const RecordParcel& parcel = ticket.shipment->parcel();
  const Record& record = ticket.record();
  headers_.clear();
  for (std::size_t i = 0; i < record_.headers.size(); ++i)
    headers_.push_back(
        {record_.headers[i].first, parcel.view(parcel.headers[record.first_header + i])});
  kafka::ProducerRecord out;
  out.topic = parcel.view(record.topic);
  if (record.has_key) out.key = parcel.view(record.key);
  out.value = parcel.view(record.value);
  out.headers = headers_;
  out.tag = &ticket;
  return out;
}

void Sender::send(Clock::time_point now) {
  library_full_ = false;
  while (Ticket* const ticket = shipments_.next(now)) {
    int code = 0;
    const kafka::Taken taken = producer_->produce(record_of(*ticket), code);
    library_full_ = taken == kafka::Taken::full;
    if (library_full_) return;
    shipments_.sent(*ticket);
    if (taken == kafka::Taken::yes) continue;
    if (decide(code, true) == Fate::alone)
      shipments_.refused(*ticket, code);  // by the library, which looked at this one alone
    else
      failed(*ticket, code, now);
  }
}

void Sender::reported(const kafka::DeliveryReport& report, Clock::time_point now) {
  Ticket& ticket = *static_cast<Ticket*>(report.tag);
  if (report.code != 0) return failed(ticket, report.code, now);
  notices_.end(ticket.topic(),
               fmt::format("{}: topic `{}` takes records again", cluster_, ticket.topic()));
  shipments_.delivered(ticket);
}

void Sender::failed(Ticket& ticket, int code, Clock::time_point now) {
  const Fate fate = decide(code, record_.topic.is_constant());
  if (fate == Fate::refused) return shipments_.refused(ticket, code);
  if (fate == Fate::alone) return shipments_.refused_with_others(ticket, code);
  shipments_.put_back(ticket, now);
  const std::string_view advice = kafka::advice(code);
  notices_.begin(ticket.topic(), "{}: topic `{}`: {}; its events wait and are tried again{}{}{}",
                 cluster_, ticket.topic(), kafka::describe_error(code),
                 fate == Fate::act ? " until somebody changes that" : "",
                 advice.empty() ? "" : ": ", advice);
}

/// An idempotent producer that lost track of what the broker has sends nothing any more.
void Sender::renew_producer() {
  log::error(settings_.component, "{}: {}; a new producer goes on", cluster_,
             producer_->fatal_error().value_or(""));
  producer_->purge();
  const auto limit = Clock::now() + kPurgeLimit;
  for (reports_.clear(); Clock::now() < limit; reports_.clear()) {
    producer_->poll(kPurgeStep, reports_);
    if (reports_.empty()) break;
    for (const kafka::DeliveryReport& report : reports_) reported(report, Clock::now());
  }
  auto made =
      kafka::Producer::create(settings_.properties, settings_.component, settings_.partitioner);
  if (!made) {  // out of threads: the old one says so again with the next record
    log::error(settings_.component, "{}: {}", cluster_, made.error().message);
    return;
  }
  {
    const auto lock = inbox_.hold();
    producer_.swap(*made);
  }
  made->reset();  // after this the library reads none of the records
  shipments_.put_back_flying();
}

void Sender::settle() {
  const auto now = Clock::now();
  if (now < settle_again_) return;
  bool full = false;
  const std::size_t freed =
      shipments_.settle([&](Delivery& delivery, std::span<const Ticket* const> tickets) {
        const std::size_t kept = keep_refused(delivery, tickets);
        full = full || kept < tickets.size();
        return kept;
      });
  settle_again_ = full ? now + kSettleAgain : Clock::time_point{};
  inbox_.release(freed);
}

std::string Sender::reason_of(const Ticket& ticket) const {
  const Record& record = ticket.record();
  const std::string_view topic = ticket.topic();
  if (record.refused == "invalid_topic")
    return fmt::format(
        "`{}` is no topic's name: letters, digits, '.', '_', '-', at most {} of them",
        topic.substr(0, 100), RecordEncoder::kMostTopicBytes);
  if (!record.refused.empty())
    return fmt::format("topic `{}`: the record is larger than `max_request_size`, {} bytes", topic,
                       record_.most_bytes);
  const std::size_t bytes = record.value.size + record.key.size;
  return fmt::format("topic `{}`: {} (record of {} bytes; `max_request_size` is {})", topic,
                     kafka::describe_error(ticket.code), bytes, record_.most_bytes);
}

std::size_t Sender::keep_refused(Delivery& delivery, std::span<const Ticket* const> tickets) {
  constexpr std::size_t kMostTold = 50;
  std::vector<std::string> codes, reasons, details;
  for (const Ticket* ticket : tickets) {
    const std::string_view refused = ticket->record().refused;
    codes.push_back(refused.empty() ? kafka::error_name(ticket->code) : std::string(refused));
    reasons.push_back(reason_of(*ticket));
    Buffer topic;
    write_json_string(ticket->topic(), topic);
    details.push_back(fmt::format(R"({{"topic":{},"code":{}}})", topic.view(), ticket->code));
  }
  std::vector<DeadLetter> letters;
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    letters.push_back({delivery.batch(), tickets[i]->record().event,
                       DeadLetterReason{.code = codes[i],
                                        .message = reasons[i],
                                        .plugin_type = "kafka",
                                        .plugin_id = settings_.plugin_id,
                                        .details = details[i]}});
    // What stands in for a queue speaks for itself.
    if (dead_letters_->keeps() && told_refused_.size() < kMostTold &&
        told_refused_.insert(codes[i]).second)
      log::warn(settings_.component,
                "{}: {}; such events go to the dead letters from now on without a word", cluster_,
                reasons[i]);
  }
  return dead_letter(delivery, letters, *dead_letters_);
}

std::chrono::milliseconds Sender::time_to_wait(Clock::time_point now) const {
  using std::chrono::milliseconds;
  const auto until = [&](Clock::time_point time) {
    return std::clamp(std::chrono::ceil<milliseconds>(time - now), milliseconds(0), kIdle);
  };
  if (library_full_) return milliseconds(10);
  milliseconds wait = kIdle;
  if (const auto due = shipments_.due()) wait = std::min(wait, until(*due));
  if (settle_again_ != Clock::time_point{}) wait = std::min(wait, until(settle_again_));
  return wait;
}

}  // namespace millrace::kafka::out
