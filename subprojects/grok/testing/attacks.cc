#include "attacks.h"

#include <algorithm>

namespace grok::testing {
namespace {

constexpr Attack kAttacks[] = {
    // Textbook forms
    {"nested plus", "^(a+)+$", "", "a", "!"},
    {"nested star", "^(a*)*b", "", "a", "!b"},
    {"thrice nested", "^(((a*)*)*)*b", "", "a", "!b"},
    {"one or two", "^(a|aa)+$", "", "a", "!"},
    {"one or none", "^(a|a?)+$", "", "a", "!"},
    {"either of the same", "^(a|a)*b", "", "a", "!b"},
    {"letters in letters", "^([a-zA-Z]+)*$", "", "a", "!"},
    {"twenty greedy", "^(.*a){20}$", "", "a", "!"},
    {"twenty lazy", "^(.*?,){20}P", "", "1,", "xP"},
    {"two plus in plus", "(x+x+)+y", "", "x", "!y"},
    {"optional as often as must", "^(?:a?){60}a{60}$", "", "a", "!"},
    {"digits in digits", "^(\\d+)*$", "", "1", "a"},
    {"words and blanks", "^(\\w+\\s?)*$", "", "word ", "!"},
    {"overlapping classes", "^(?:[a-z]|\\w|[^0-9])+!$", "", "a", "?!?"},
    {"two in one", "^((ab)*)*c", "", "ab", "!c"},
    {"greedy chain", "^(.*) (.*) (.*) (.*) (.*) (.*):$", "", "a ", "!:!"},
    {"lazy chain", "^(.*?) (.*?) (.*?) (.*?) (.*?) (.*?):$", "", "a ", "!:!"},
    {"quadratic search", "a+b", "", "a", "!b"},
    {"quadratic blanks", "\\s+$", "x", " ", "x"},
    {"cubic stars", "^\\s*\\s*\\s*x$", "", " ", "!x"},
    {"opening without closing", "<!--.*?-->", "", "<!--", " >"},
    {"comment of any or line", "/\\*(?:.|\\n)*\\*/!", "/*", "*/", "x!"},
    {"looking ahead at nested", "^(?=(a+)+$)a", "", "a", "!"},
    {"behind a back-reference", "^(?<c>a+)+\\k<c>b", "", "a", "!b"},
    {"optional everything", "^(?:(?:a?b?c?)*)*$", "", "abc", "!"},

    // Checks of input, as copied from place to place
    {"class name", "^(([a-z])+.)+[A-Z]([a-z])+$", "", "a", "!"},
    {"e-mail, dashes and dots", "^([a-zA-Z0-9])(([.-]|_+)?([a-zA-Z0-9]+))*@[a-z0-9]+[.][a-z]{2,3}$",
     "", "a", "!@a."},
    {"e-mail, words and dots", "^([\\w-]+\\.?)*@\\w+$", "", "a", "!@"},
    {"e-mail, quoted or not",
     "^(([^<>()\\[\\].,;:\\s@\"]+(\\.[^<>()\\[\\].,;:\\s@\"]+)*)|(\".+\"))@(\\w+\\.)+\\w{2,}$", "",
     "a.", "@"},
    {"host name", "^(([a-z0-9]+-*)*[a-z0-9]+\\.?)+$", "", "a", "!"},
    {"URL with a path", "^(https?://)?([\\da-z.-]+)\\.([a-z.]{2,6})([/\\w .-]*)*/?$",
     "http://a.example/", "a", "!"},
    {"phone number", "^(\\+?\\d+[ -]?)+$", "", "1", "x"},
    {"number list", "^(\\d+,?)+;$", "", "1", "!;!"},
    {"decimal number", "^[+-]?(\\d+|\\d+\\.\\d+|\\d*\\.?\\d+)*$", "", "1", "!"},
    {"quoted text", "^\"(?:[^\"]|\\\\\"|\\\\)*\"$", "\"", "\\", "x"},
    {"attributes", "<\\w+(\\s+\\w+(\\s*=\\s*\"[^\"]*\")?\\s*)*>", "<a", " b ", "!>"},
    {"assignments", "^(\\s*\\w+\\s*=\\s*\\w*\\s*,?)*;$", "", "a = ", "!;!"},
    {"path", "^(/?[\\w.-]*)+\\?$", "", "/a", "!?!"},

    // Structures of published weaknesses
    {"firewall rule of 2019", "(?:\\d|\"|'|-|\\+)+\\)*;?(?:(?:\\s|-|~|!)*.*(?:.*=.*;))", "1;=", "x",
     ""},
    {"trimming of 2016", "^[\\s\\x{200c}]+|[\\s\\x{200c}]+$", "x", " ", "x"},
    {"date with a clock",
     "^(\\d\\d?)\\s+(\\w+)\\s+(\\d+)(?:\\s+(\\d\\d?):(\\d\\d))?\\s*([+-]?\\d{2,4}|(?![AP]M\\b)[A-Z]"
     "+)?\\s*(?:\\(\\w+\\))?\\s*$",
     "1 Jan 0", " ", "!"},
    {"duration", "^-?(?:(\\d*)[. ])?(\\d+):(\\d+)(?::(\\d+)\\.?(\\d{3})?\\d*)?$", "", "1", "x:"},
    {"number and unit", "^((?:\\d+)?\\.?\\d+) *(?:ms|s|m|h)?$", "", "1", "x"},
    {"authentication header", "(?:.*,)*[ \\t]*([^ \\t,]+)[ \\t]+realm=([\"']?)([^\"']*)", "", ",",
     "x="},
    {"junk line", "^\\s*#?\\s*$", "", "\t", "x"},
    {"greeting with a stamp", "\\+OK.*(<[^>]+>)", "+OK", "<", ""},
    {"emphasis", "^_((?:__|.)+?)_$|^\\*((?:\\*\\*|.)+?)\\*(?!\\*)", "_", "__", "x"},
    {"truncated words", "<.*?>|((?:\\w[-\\w]*|&.*?;)+)!", "", "&", ""},
    {"file name", "^(?:/?|.*?)((?:\\.{1,2}|[^/]+?|)(\\.[^./]*|))(?:/*)$", "", ".", "/a/\n\n!"},
    {"enclosed glob", "[{\\[].*/*.*[}\\]]$", "{", "/", ""},
    {"document type",
     "^\\s*(?:<!doctype[^>]*\\s*(?:\\[?(?:\\s*<![^>]*>\\s*)*\\]?)*[^>]*>\\s*)?<svg[^>]*>\\s*$",
     "<!doctype ", "<!>", "!"},
    {"terminal sequence", "[\\x1b\\u009b][\\[()#;?]*(?:(?:;[-a-z\\d/#&.:=?%@~_]+)*|[a-z\\d]+)?\\x07",
     "\x1b", ";", "!\x07"},
    {"formula of a selector", "^\\s*([+-]?\\s*\\d*n)?\\s*(?:([+-]?)\\s*(\\d+))?\\s*$", "", " ",
     "!"},
    {"colour", "^hwb\\(\\s*([+-]?\\d*\\.?\\d+(?:deg)?)\\s*,\\s*(\\d*\\.?\\d+)%\\)$", "hwb(", "0",
     "!%)!"},
    {"disposition of a part", "^\\s*((?:[^\\s=]+\\s*)+);", "", "a", "=;"},
    {"user agent", "android.*; *([^;]*) build/(.*; *)*x$", "android; b build/", "; ", "x!"},
    {"version range", "^\\s*([<>]?=?\\s*v?\\d*\\s*)*\\|\\|$", "", "1", "!||!"},
};

}  // namespace

std::string Attack::line(std::size_t bytes) const {
  std::string text = prefix;
  const std::string_view piece = pump;
  const std::size_t end = bytes - std::min(bytes, std::string_view(suffix).size());
  while (text.size() + piece.size() <= end) text += piece;
  return text + suffix;
}

std::span<const Attack> attacks() { return kAttacks; }

}  // namespace grok::testing
