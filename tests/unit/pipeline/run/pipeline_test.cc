#include "pipeline/run/pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "pipeline/config/load.h"
#include "pipeline/plugin/dead_lettering.h"
#include "pipeline/queue/dead_letter_store.h"
#include "tests/unit/support/temp_directory.h"

namespace millrace {
namespace {

const NameId kNumber = Names::intern("n");

/// Emits `count` numbered events in batches of seven; position is the last number. Remembers what
/// was acknowledged.
struct CountOptions {
  std::int64_t count = 1000;
  bool die = false;
};
std::atomic<std::uint64_t> acknowledged_upto;

class CountInput : public Input {
 public:
  explicit CountInput(CountOptions options) : options_(options) {}
  static std::unique_ptr<Input> create(CountOptions options, const PluginContext&) {
    return std::make_unique<CountInput>(options);
  }

  Result<void> run(Emitter& emitter) override {
    for (std::int64_t n = 0; n < options_.count && !emitter.stop().requested();) {
      auto batch = Batch::make();
      for (int i = 0; i < 7 && n < options_.count; ++i)
        batch->add(Timestamp{0}).put(kNumber, Value::of(n++));
      if (!emitter.emit(std::move(batch), {0, static_cast<std::uint64_t>(n)})) break;
    }
    if (options_.die) return fail(Errc::io, "the source broke");
    return {};
  }
  void acknowledged(SourcePosition position) noexcept override {
    acknowledged_upto = position.position;
  }

 private:
  CountOptions options_;
};

/// Drops events whose number divides by three, doubles those that leave a rest of one.
struct NoOptions {};
class ThreesFilter : public Filter {
 public:
  static std::unique_ptr<Filter> create(NoOptions, const PluginContext&) {
    return std::make_unique<ThreesFilter>();
  }
  void apply(FilterRun& run) override {
    Selection& out = run.reshape();
    for (std::uint32_t at : run.events) {
      const std::int64_t n = run.batch[at].get(kNumber)->integer();
      if (n % 3 == 0) {
        run.batch.set_state(at, EventState::dropped);
        continue;
      }
      out.push_back(at);
      run.matched.push_back(at);
      if (n % 3 == 1) out.push_back(run.batch.add_child(at, run.batch.copy_fields(at)).at());
    }
  }
};

std::mutex collected_mutex;
std::vector<std::int64_t> collected;  // guarded by collected_mutex

class CollectOutput : public Output {
 public:
  static std::unique_ptr<Output> create(NoOptions, const PluginContext&) {
    return std::make_unique<CollectOutput>();
  }
  Result<void> write(Delivery delivery, const StopSignal&) override {
    {
      std::lock_guard lock(collected_mutex);
      for (std::uint32_t at : delivery.events())
        collected.push_back(delivery.batch()[at].get(kNumber)->integer());
    }
    delivery.settle(Verdict::delivered);
    return {};
  }
};

/// Waits for ever, until the process gives up.
class DeadOutput : public Output {
 public:
  static std::unique_ptr<Output> create(NoOptions, const PluginContext&) {
    return std::make_unique<DeadOutput>();
  }
  Result<void> write(Delivery, const StopSignal& stop) override {
    while (stop.wait(std::chrono::hours(1))) {
    }
    return {};
  }
};

/// Its destination is gone from the start.
class GoneOutput : public Output {
 public:
  static std::unique_ptr<Output> create(NoOptions, const PluginContext&) {
    return std::make_unique<GoneOutput>();
  }
  Result<void> write(Delivery, const StopSignal&) override {
    return fail(Errc::closed, "nobody reads it");
  }
};

/// Its destination refuses, for good, every event whose number divides by `every`.
struct RefusingOptions {
  std::int64_t every = 10;
};
class RefusingOutput : public Output {
 public:
  RefusingOutput(RefusingOptions options, const PluginContext& context)
      : every_(options.every), queue_(context.pipeline.dead_letters), id_(context.id) {}
  static std::unique_ptr<Output> create(RefusingOptions options, const PluginContext& context) {
    return std::make_unique<RefusingOutput>(options, context);
  }
  Result<void> write(Delivery delivery, const StopSignal& stop) override {
    std::vector<DeadLetter> refused;
    for (const std::uint32_t at : delivery.events())
      if (delivery.batch()[at].get(kNumber)->integer() % every_ == 0)
        refused.push_back(
            {delivery.batch(), at, {.code = "tenth", .plugin_type = "refusing", .plugin_id = id_}});
    if (dead_letter_or_wait(delivery, refused, *queue_, stop) == refused.size())
      delivery.settle(Verdict::delivered);
    return {};
  }

 private:
  const std::int64_t every_;
  const std::shared_ptr<DeadLetters> queue_;
  const std::string id_;
};

class PlainCodec : public Codec {
 public:
  static std::unique_ptr<Codec> create(NoOptions, const PluginContext&) {
    return std::make_unique<PlainCodec>();
  }
  std::unique_ptr<Decoder> message_decoder() const override { return nullptr; }
  std::unique_ptr<Encoder> encoder() const override { return nullptr; }
};

Registry registry() {
  Registry all;
  all.add(input_plugin("count", "Counts.",
                       Options<CountOptions>()
                           .add("count", &CountOptions::count, "How far.")
                           .add("die", &CountOptions::die, "End badly."),
                       CountInput::create));
  all.add(
      filter_plugin("threes", "Drops and doubles.", Options<NoOptions>(), ThreesFilter::create));
  all.add(output_plugin("collect", "Remembers.", Options<NoOptions>(), CollectOutput::create));
  all.add(output_plugin("dead", "Hangs.", Options<NoOptions>(), DeadOutput::create));
  all.add(output_plugin("gone", "Fails.", Options<NoOptions>(), GoneOutput::create));
  all.add(output_plugin(
      "refusing", "Refuses.",
      Options<RefusingOptions>().add("every", &RefusingOptions::every, "Which events."),
      RefusingOutput::create));
  all.add(codec_plugin("plain", "None.", Options<NoOptions>(), PlainCodec::create));
  return all;
}

struct Rig {
  Registry plugins = registry();
  PipelineInfo info;
  config::Loaded loaded;
  std::unique_ptr<Pipeline> pipeline;

  Rig(const std::string& text, PipelineSettings settings) {
    collected.clear();
    acknowledged_upto = 0;
    info.dead_letters = settings.dead_letters;
    loaded = config::load_string(text, "test", {});
    const Maker maker{plugins, info, loaded.diagnostics};
    auto plan = Plan::build(loaded.config, loaded.sources, maker);
    EXPECT_TRUE(plan) << loaded.diagnostics.render(loaded.sources, false);
    pipeline = std::make_unique<Pipeline>(std::move(plan), settings);
    EXPECT_TRUE(pipeline->start());
  }
};

TEST(Pipeline, KeepsOrderAndBalancesItsBooksWithManyWorkers) {
  PipelineSettings settings;
  settings.workers = 4;
  Rig rig("input { count { count => 5000 } } filter { threes { } } output { collect { } }",
          settings);
  ASSERT_TRUE(rig.pipeline->wait());
  std::vector<std::int64_t> want;
  for (std::int64_t n = 0; n < 5000; ++n) {
    if (n % 3 == 0) continue;
    want.push_back(n);
    if (n % 3 == 1) want.push_back(n);
  }
  EXPECT_EQ(collected, want);
  const LedgerLine line = rig.pipeline->ledger().pipeline().snapshot();
  EXPECT_EQ(line.in, 5000u);
  EXPECT_EQ(line.delivered, want.size());
  EXPECT_EQ(line.dropped, 1667u);
  EXPECT_EQ(line.in_flight(), 0u);
  EXPECT_EQ(acknowledged_upto, 5000u);
}

TEST(Pipeline, BranchesKeepTheOrderOfEventsAndTheirChildren) {
  Rig rig(
      "input { count { count => 100 } } filter { threes { } if [n] < 50 { threes { } } else { "
      "threes { } } } output { collect { } }",
      {});
  ASSERT_TRUE(rig.pipeline->wait());
  EXPECT_TRUE(std::is_sorted(collected.begin(), collected.end()));
  EXPECT_EQ(rig.pipeline->ledger().pipeline().snapshot().in_flight(), 0u);
}

TEST(Pipeline, AnOutputThatGetsOnlySomeEventsConfirmsOnlyThose) {
  Rig rig("input { count { count => 100 } } output { if [n] >= 90 { collect { } } }", {});
  ASSERT_TRUE(rig.pipeline->wait());
  EXPECT_EQ(collected.size(), 10u);
  const LedgerLine line = rig.pipeline->ledger().pipeline().snapshot();
  EXPECT_EQ(line.delivered, 10u);
  EXPECT_EQ(line.dropped, 90u);  // no output wanted them
  EXPECT_EQ(acknowledged_upto, 100u);
}

std::shared_ptr<DeadLetterStore> store_in(const TempDirectory& top) {
  return std::make_shared<DeadLetterStore>(
      DeadLetterSettings{.directory = top.path("main"), .max_bytes = 64 << 10, .look_again = {}});
}

TEST(Pipeline, WhatAnOutputRefusesIsDeadLetteredAndTheRestDelivered) {
  const TempDirectory top;
  const auto store = store_in(top);
  PipelineSettings settings;
  settings.dead_letters = store;
  Rig rig("input { count { count => 1000 } } output { refusing { } }", settings);
  ASSERT_TRUE(rig.pipeline->wait());
  const LedgerLine line = rig.pipeline->ledger().pipeline().snapshot();
  EXPECT_EQ(line.delivered, 900u);
  EXPECT_EQ(line.dead_lettered, 100u);
  EXPECT_EQ(line.in_flight(), 0u);
  EXPECT_EQ(acknowledged_upto, 1000u);
  EXPECT_EQ(store->counts().kept, 100u);
}

TEST(Pipeline, WithoutAQueueWhatIsRefusedIsCountedAndSettled) {
  Rig rig("input { count { count => 1000 } } output { refusing { } }", {});
  ASSERT_TRUE(rig.pipeline->wait());
  EXPECT_EQ(rig.pipeline->ledger().pipeline().snapshot().dead_lettered, 100u);
  EXPECT_EQ(rig.pipeline->dead_letters().counts().dropped, 100u);
  EXPECT_EQ(acknowledged_upto, 1000u);
}

TEST(Pipeline, AFullDeadLetterQueueHoldsPositionsBackAndLosesNothing) {
  const TempDirectory top;
  const auto store = store_in(top);
  PipelineSettings settings;
  settings.dead_letters = store;
  settings.max_output_bytes = 1;
  settings.max_queue_bytes = 1;
  Rig rig("input { count { count => 1000000000 } } output { refusing { every => 1 } }", settings);
  const auto probe = Batch::make();
  probe->add(Timestamp{0});
  std::uint64_t probes = 0;  // letters of the test itself, until the queue is full
  while (store->write(*probe, 0, {.code = "probe"}) == DeadLetterOutcome::kept) ++probes;
  rig.pipeline->stop();
  rig.pipeline->give_up();
  ASSERT_TRUE(rig.pipeline->wait());
  const LedgerLine line = rig.pipeline->ledger().pipeline().snapshot();
  EXPECT_EQ(line.dead_lettered + probes, store->counts().kept);
  EXPECT_EQ(line.in, line.dead_lettered + line.in_flight());
  EXPECT_GT(line.in_flight(), 0u);
  EXPECT_LE(acknowledged_upto, line.dead_lettered);
  EXPECT_EQ(store->counts().dropped, 0u);
}

TEST(Pipeline, StoppingDeliversWhatIsInFlight) {
  PipelineSettings settings;
  settings.workers = 2;
  Rig rig("input { count { count => 1000000000 } } output { collect { } }", settings);
  rig.pipeline->stop();
  ASSERT_TRUE(rig.pipeline->wait());
  const LedgerLine line = rig.pipeline->ledger().pipeline().snapshot();
  EXPECT_EQ(line.in, line.delivered);
  EXPECT_EQ(acknowledged_upto, line.in);
}

TEST(Pipeline, ADeadOutputHoldsPositionsBackAndGivingUpEndsIt) {
  PipelineSettings settings;
  settings.max_output_bytes = 1;
  settings.max_queue_bytes = 1;
  Rig rig("input { count { count => 1000000000 } } output { collect { } dead { } }", settings);
  rig.pipeline->stop();
  rig.pipeline->give_up();
  ASSERT_TRUE(rig.pipeline->wait());
  EXPECT_EQ(acknowledged_upto, 0u);
}

TEST(Pipeline, SaysWhichInputDied) {
  Rig rig("input { count { count => 10 die => true } } output { collect { } }", {});
  auto ended = rig.pipeline->wait();
  ASSERT_FALSE(ended);
  EXPECT_NE(ended.error().message.find("the source broke"), std::string::npos);
  EXPECT_EQ(collected.size(), 10u);
}

TEST(Pipeline, AnOutputThatIsGoneEndsItAndConfirmsNothing) {
  PipelineSettings settings;
  settings.max_output_bytes = 1;
  settings.max_queue_bytes = 1;
  Rig rig("input { count { count => 1000000000 } } output { collect { } gone { id => 'g' } }",
          settings);
  auto ended = rig.pipeline->wait();
  ASSERT_FALSE(ended);
  EXPECT_TRUE(rig.pipeline->died());
  EXPECT_EQ(ended.error().message, "output g is gone: nobody reads it");
  EXPECT_EQ(acknowledged_upto, 0u);
  EXPECT_EQ(rig.pipeline->ledger().pipeline().snapshot().delivered, 0u);
  EXPECT_FALSE(collected.empty()) << "the other output gets what had come in";
}

}  // namespace
}  // namespace millrace
