#!/usr/bin/env python3
"""Holds the grok filter against JRuby, whose regular expressions are what Logstash's grok runs.

usage: run.py BINARY [--expressions N] [--seed N]

Random expressions are matched with random texts; each must match, or not, and capture the same. Texts and expressions
are of letters that case, word characters and `\\b` treat in special ways. What grok refuses that Ruby takes is counted
as failed too. Left out is what the README of grok names as different: letters that become two when their case is
folded. JRuby has faults of its own: `\\s?\\Z` finds no end behind letters of several bytes, for one.

Needs what tests/servers/jruby/build.sh fetches. The last line is 'N passed, N failed, N skipped', expressions.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TEXTS = 12  # an expression
DEPTH = 3  # of groups in groups
TIMEOUT_SECONDS = 120
LETTERS = ['a', 'b', 's', 'k', 'A', 'S', '1', '_', '-', ' ', 'é', 'ſ', '\u212a', '.', '²', '\n', 'x', '"']
IN_BRACKETS = [r'\w', r'\W', r'\d', r'\D', r'\s', r'\S', r'\h', 'a-c', 'A-Z', 's', 'k', 'é', '[:alpha:]', '[:^digit:]',
               '[:punct:]', '_', '1', 'b', '[a-b1]', '[^s]', r'\p{Lu}', r'\]', '-', '.']
ANCHORS = [r'\b', r'\B', '^', '$', r'\A', r'\z', r'\Z']
REPEATS = ['*', '+', '?', '*?', '+?', '??', '*+', '++', '?+', '{2}', '{1,2}', '{,2}', '{1,}', '{0,2}?']
GROUPS = ['(?:', '(?:', '(?>', '(?=', '(?!', '(?i:', '(?i:', '(?-m:']
BEHIND = ['a', 'b', r'\w', r'\s', 's', 'ab|b']


class Expressions:
    """Random ones, each with the named captures that make a match visible."""

    def __init__(self, chance):
        self.chance = chance

    def one(self):
        self.names = list('dcba')
        body = f'(?<w>{self.alternatives(DEPTH)})'
        return body + (r'\k<w>' if self.chance.random() < 0.05 else '')

    def alternatives(self, depth):
        return '|'.join(self.sequence(depth) for _ in range(self.chance.choice([1, 1, 1, 2, 3])))

    def sequence(self, depth):
        return ''.join(self.piece(depth) for _ in range(self.chance.randint(1, 4)))

    def piece(self, depth):
        kind = self.chance.random()
        if kind < 0.08:
            return self.chance.choice(ANCHORS)
        if kind < 0.14:
            return f'(?<{self.chance.choice("=!")}{self.chance.choice(BEHIND)})'
        item = self.item(depth)
        if item.startswith(('(?=', '(?!')) or self.chance.random() < 0.55:
            return item
        return item + self.chance.choice(REPEATS)

    def item(self, depth):
        kind = self.chance.random()
        if kind < 0.35:
            return self.chance.choice(['a', 'b', 's', 'k', '1', 'x', 'é', r'\.', '-', ' ', '_', 'A', '(?:ab)', '(?:as)'])
        if kind < 0.6:
            return self.chance.choice([r'\w', r'\W', r'\d', r'\s', r'\S', '.', r'\D', r'\h'])
        if kind < 0.75 or depth == 0:
            return self.brackets()
        inside = self.alternatives(depth - 1)
        if self.names and self.chance.random() < 0.3:
            return f'(?<{self.names.pop()}>{inside})'
        return self.chance.choice(GROUPS) + inside + ')'

    def brackets(self):
        items = ''.join(self.chance.choices(IN_BRACKETS, k=self.chance.randint(1, 3)))
        both = self.chance.choice(['&&[^a]', '&&a-z', r'&&\w']) if self.chance.random() < 0.1 else ''
        return f'[{self.chance.choice(["", "^"])}{items}{both}]'


def in_ruby(questions):
    """A list of captures or None for each question, or what Ruby has against its expression."""
    built = subprocess.run([HERE.parent / 'servers/jruby/build.sh', '--if-built'], capture_output=True, text=True)
    if built.returncode:
        return None
    jar = next(pathlib.Path(built.stdout.strip()).glob('jars/jruby-complete-*.jar'))
    done = subprocess.run(['java', '-jar', jar, HERE / 'match.rb'], input=json.dumps(questions), capture_output=True,
                          text=True, check=True, timeout=TIMEOUT_SECONDS)
    return json.loads(done.stdout)


def in_grok(binary, expression, texts, top):
    """The same for one question."""
    quoted = expression.replace("'", "\\'")
    config = (f"input {{ stdin {{ codec => json_lines }} }} filter {{ grok {{ match => {{ 'text' => '{quoted}' }} "
              'keep_empty_captures => true } } output { stdout { codec => json_lines } }')
    done = subprocess.run([binary, '-e', config, '--path.data', top, '--log.level', 'error'], capture_output=True, text=True,
                          input=''.join(json.dumps({'text': text}) + '\n' for text in texts), timeout=TIMEOUT_SECONDS)
    if done.returncode:
        return done.stderr
    events = map(json.loads, filter(None, done.stdout.split('\n')))
    own = {'text', '@timestamp', '@version', 'host', 'event', 'tags'}
    return [None if 'tags' in event else {name: value for name, value in event.items() if name not in own} for event in events]


def difference(ruby, grok, texts):
    """What is not the same, for people; '' where nothing is."""
    if isinstance(grok, str):
        return 'refused: ' + grok.strip().split('\n')[0]
    if len(grok) != len(texts):
        return f'{len(grok)} events of {len(texts)}'
    for text, theirs, ours in zip(texts, ruby, grok):
        # A group that took no part is null there, and no field here.
        if theirs is not None:
            theirs = {name: value for name, value in theirs.items() if value is not None}
        if ours is not None:
            ours = {name: value for name, value in ours.items() if value is not None}
        if theirs != ours:
            return f'{text!r}: Ruby {theirs}, grok {ours}'
    return ''


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('binary'), ap.add_argument('--expressions', type=int, default=500), ap.add_argument('--seed', type=int, default=1)
    args = ap.parse_args()
    chance = random.Random(args.seed)
    expressions = Expressions(chance)
    questions = [(expressions.one(), [''.join(chance.choices(LETTERS, k=chance.randint(0, 8))) for _ in range(TEXTS)])
                 for _ in range(args.expressions)]
    answers = in_ruby(questions)
    if answers is None:
        print('JRuby is not there: tests/servers/jruby/build.sh fetches it')
        print(f'0 passed, 0 failed, {len(questions)} skipped')
        return 0
    passed = failed = skipped = 0
    with tempfile.TemporaryDirectory() as top:
        for (expression, texts), ruby in zip(questions, answers):
            if isinstance(ruby, str):
                skipped += 1
                continue
            differs = difference(ruby, in_grok(args.binary, expression, texts, top), texts)
            passed, failed = passed + (not differs), failed + bool(differs)
            if differs:
                print(f'FAIL: {expression}\n      {differs}')
    print(f'{passed} passed, {failed} failed, {skipped} skipped')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
