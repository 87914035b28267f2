# encoding: utf-8
# Reads [[expression, [text, ...]], ...] as JSON and prints for each expression what grok's options make of it: a list
# with an object of captures, or null, for each text; a string where Ruby refuses the expression.
require 'json'

$stdin.set_encoding('utf-8')
answers = JSON.parse($stdin.read).map do |expression, texts|
  begin
    regexp = Regexp.new(expression, Regexp::MULTILINE)
    texts.map { |text| (match = regexp.match(text)) && match.names.to_h { |name| [name, match[name]] } }
  rescue RegexpError => e
    e.message
  end
end
puts JSON.generate(answers)
