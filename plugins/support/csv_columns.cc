#include "plugins/support/csv_columns.h"

namespace millrace {
namespace {

/// Generated columns that are compiled ahead; the names of those behind are made for each row.
constexpr std::size_t kGenerated = 100;

std::string generated_name(std::size_t at) { return "column" + std::to_string(at + 1); }

std::string bracketed(const std::string& reference) {
  return reference.empty() || reference[0] == '[' ? reference : "[" + reference + "]";
}

}  // namespace

std::shared_ptr<const CsvColumns> CsvColumns::create(const CsvColumnOptions& options,
                                                     const PluginContext& context) {
  auto out = std::make_shared<CsvColumns>();
  const std::size_t errors = context.diagnostics.error_count();
  out->autogenerate_ = options.autogenerate_column_names;
  out->skip_empty_ = options.skip_empty_columns;
  out->target_ = bracketed(options.target);
  if (!options.target.empty())
    if (const auto target = FieldRef::parse(options.target); !target)
      context.error("target", target.error().message);
  if (!out->read_types(options.convert, context) || context.diagnostics.error_count() != errors)
    return nullptr;
  for (std::size_t i = 0; i < options.columns.size(); ++i) {
    auto column = out->column(options.columns[i]);
    if (column)
      out->columns_.push_back(std::move(*column));
    else
      context.places.error(context.diagnostics, "columns", i, column.error().message);
  }
  for (std::size_t i = 0; i < kGenerated; ++i)
    if (auto column = out->column(generated_name(i))) out->generated_.push_back(std::move(*column));
  if (context.diagnostics.error_count() != errors) return nullptr;
  return out;
}

bool CsvColumns::read_types(const StringPairs& convert, const PluginContext& context) {
  bool good = true;
  for (std::size_t i = 0; i < convert.size(); ++i) {
    const auto& [name, type_name] = convert[i];
    if (const auto type = csv_type(type_name)) {
      types_.emplace_back(name, *type);
      continue;
    }
    context.places.error(context.diagnostics, "convert", i,
                         "unknown type `" + type_name +
                             "`; expected integer, float, date, date_time or boolean");
    good = false;
  }
  return good;
}

Result<CsvColumns::Column> CsvColumns::column(const std::string& name) const {
  Column out{.name = name};
  for (const auto& [column, type] : types_)
    if (column == name) out.type = type;
  auto ref = FieldRef::parse(target_.empty() ? name : target_ + bracketed(name));
  if (!ref) return fail(std::move(ref).error());
  out.ref = std::move(*ref);
  return out;
}

std::shared_ptr<const CsvColumns> CsvColumns::with_names(std::span<const Value> names) const {
  auto out = std::make_shared<CsvColumns>(*this);
  out->columns_.clear();
  for (const Value& name : names) {
    Column named;
    if (name.is_string() && !name.text().empty()) {
      auto column = out->column(std::string(name.text()));
      if (column) named = std::move(*column);  // what is no reference is no name
    }
    out->columns_.push_back(std::move(named));
  }
  return out;
}

bool CsvColumns::is_header(std::span<const Value> cells) const {
  if (cells.size() != columns_.size()) return false;
  for (std::size_t i = 0; i < cells.size(); ++i)
    if ((cells[i].is_string() ? cells[i].text() : std::string_view()) != columns_[i].name)
      return false;
  return true;
}

bool CsvColumns::set(Event event, std::span<const Value> cells) const {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (skip_empty_ && (cells[i].is_null() || cells[i].text().empty())) continue;
    const bool named = i < columns_.size() && columns_[i].ref;
    if (!named && !autogenerate_) continue;
    if (named || i < generated_.size()) {
      if (!set(event, named ? columns_[i] : generated_[i], cells[i])) return false;
      continue;
    }
    const auto ref =
        FieldRef::parse(target_ + bracketed(generated_name(i)), event.batch().names());
    if (!ref || !event.set(*ref, cells[i])) return false;
  }
  return true;
}

bool CsvColumns::set(Event event, const Column& column, const Value& cell) const {
  const Value value = column.type == CsvType::text
                          ? cell
                          : converter_.convert(column.type, cell, event.batch());
  return event.set(*column.ref, value);
}

}  // namespace millrace
