#include "pipeline/event/time_names.h"

#include <algorithm>

namespace millrace {

namespace {

using Variant = TimeNames::Variant;

constexpr Variant kEnglish[] = {{"Sept", 9}};
constexpr Variant kGerman[] = {{"Jänner", 1}, {"Jän.", 1}, {"Jän", 1}, {"Mär", 3},
                               {"Mrz", 3},    {"Jun", 6},  {"Jul", 7}, {"Sep", 9}};
constexpr Variant kSpanish[] = {{"sep", 9}};
constexpr Variant kDutch[] = {{"maa", 3}};
constexpr Variant kSwedish[] = {{"mar", 3}, {"jun", 6}, {"jul", 7}, {"sept", 9}};
constexpr Variant kNorwegian[] = {{"mar", 3}, {"jun", 6}, {"jul", 7}};

// clang-format off
const TimeNames kLanguages[] = {
  {"en",
   {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
   {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
   {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"},
   {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}, kEnglish},
  {"da",
   {"januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december"},
   {"jan.", "feb.", "mar.", "apr.", "maj", "jun.", "jul.", "aug.", "sep.", "okt.", "nov.", "dec."},
   {"mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"},
   {"man.", "tirs.", "ons.", "tors.", "fre.", "lør.", "søn."}, {}},
  {"de",
   {"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
   {"Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."},
   {"Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"},
   {"Mo.", "Di.", "Mi.", "Do.", "Fr.", "Sa.", "So."}, kGerman},
  {"es",
   {"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
   {"ene.", "feb.", "mar.", "abr.", "may.", "jun.", "jul.", "ago.", "sept.", "oct.", "nov.", "dic."},
   {"lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"},
   {"lun.", "mar.", "mié.", "jue.", "vie.", "sáb.", "dom."}, kSpanish},
  {"fr",
   {"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
   {"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."},
   {"lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"},
   {"lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."}, {}},
  {"it",
   {"gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"},
   {"gen", "feb", "mar", "apr", "mag", "giu", "lug", "ago", "set", "ott", "nov", "dic"},
   {"lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"},
   {"lun", "mar", "mer", "gio", "ven", "sab", "dom"}, {}},
  {"nb",
   {"januar", "februar", "mars", "april", "mai", "juni", "juli", "august", "september", "oktober", "november", "desember"},
   {"jan.", "feb.", "mars", "apr.", "mai", "juni", "juli", "aug.", "sep.", "okt.", "nov.", "des."},
   {"mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"},
   {"man.", "tir.", "ons.", "tor.", "fre.", "lør.", "søn."}, kNorwegian},
  {"nl",
   {"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"},
   {"jan.", "feb.", "mrt.", "apr.", "mei", "jun.", "jul.", "aug.", "sep.", "okt.", "nov.", "dec."},
   {"maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"},
   {"ma", "di", "wo", "do", "vr", "za", "zo"}, kDutch},
  {"pt",
   {"janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"},
   {"jan.", "fev.", "mar.", "abr.", "mai.", "jun.", "jul.", "ago.", "set.", "out.", "nov.", "dez."},
   {"segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo"},
   {"seg.", "ter.", "qua.", "qui.", "sex.", "sáb.", "dom."}, {}},
  {"sv",
   {"januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december"},
   {"jan.", "feb.", "mars", "apr.", "maj", "juni", "juli", "aug.", "sep.", "okt.", "nov.", "dec."},
   {"måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag"},
   {"mån", "tis", "ons", "tors", "fre", "lör", "sön"}, kSwedish},
};
// clang-format on

/// Lower case of ASCII and of the Latin letters À to Þ, which UTF-8 writes as 0xC3 and one more
/// byte.
char fold(char before, char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c | 0x20);
  const auto byte = static_cast<unsigned char>(c);
  constexpr unsigned char kTimesSign = 0x97;
  if (before == '\xC3' && byte >= 0x80 && byte <= 0x9E && byte != kTimesSign)
    return static_cast<char>(byte + 0x20);
  return c;
}

bool starts_with_folded(std::string_view text, std::string_view folded) {
  if (text.size() < folded.size()) return false;
  char before = '\0';
  for (std::size_t i = 0; i < folded.size(); before = text[i++])
    if (fold(before, text[i]) != folded[i]) return false;
  return true;
}

std::size_t bucket(char c) { return static_cast<unsigned char>(c); }

template <std::size_t N>
void add_names(NameTable& table, const std::array<std::string_view, N>& names) {
  for (std::size_t i = 0; i < N; ++i) {
    std::string_view name = names[i];
    table.add(name, static_cast<int>(i) + 1);
    if (name.ends_with('.')) table.add(name.substr(0, name.size() - 1), static_cast<int>(i) + 1);
  }
}

}  // namespace

const TimeNames& english_names() { return kLanguages[0]; }

const TimeNames* find_names(std::string_view locale) {
  std::string language(locale.substr(0, locale.find_first_of("_-.@")));
  for (char& c : language) c = fold('\0', c);
  for (const TimeNames& names : kLanguages)
    if (language == names.language || (language == "no" && names.language == "nb")) return &names;
  return nullptr;
}

std::string known_languages() {
  std::string list;
  for (const TimeNames& names : kLanguages)
    list += (list.empty() ? "" : ", ") + std::string(names.language);
  return list;
}

void NameTable::add(std::string_view name, int value) {
  if (name.empty()) return;
  std::string folded;
  for (const char c : name) folded += fold(folded.empty() ? '\0' : folded.back(), c);
  const auto place = std::find_if(names_.begin(), names_.end(), [&](const Name& other) {
    const std::size_t a = bucket(folded[0]), b = bucket(other.folded[0]);
    return a != b ? a < b : folded.size() > other.folded.size();
  });
  for (std::size_t b = bucket(folded[0]) + 1; b < first_.size(); ++b) ++first_[b];
  names_.insert(place, Name{std::move(folded), value});
}

std::optional<NameTable::Match> NameTable::match(std::string_view text) const {
  if (text.empty()) return std::nullopt;
  const std::size_t first = bucket(fold('\0', text[0]));
  for (std::size_t i = first_[first]; i < first_[first + 1]; ++i)
    if (starts_with_folded(text, names_[i].folded))
      return Match{names_[i].value, names_[i].folded.size()};
  return std::nullopt;
}

NameTable month_table(const TimeNames& names) {
  NameTable table;
  add_names(table, names.months);
  add_names(table, names.short_months);
  for (const Variant& variant : names.month_variants) table.add(variant.name, variant.number);
  return table;
}

NameTable weekday_table(const TimeNames& names) {
  NameTable table;
  add_names(table, names.weekdays);
  add_names(table, names.short_weekdays);
  return table;
}

}  // namespace millrace
