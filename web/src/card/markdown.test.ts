import { expect, test } from 'vitest';
import { parse } from './markdown';

const plain = (text: string) => [{ text, bold: false }];

test.each([
  ['nothing', '', []],
  ['plain', 'one\ntwo', plain('one\ntwo')],
  [
    'bold',
    'a **b** c',
    [
      { text: 'a ', bold: false },
      { text: 'b', bold: true },
      { text: ' c', bold: false },
    ],
  ],
  ['link', '[here](https://example.org/a?b=1)', [{ text: 'here', bold: false, href: 'https://example.org/a?b=1' }]],
  ['bold link', '**[here](https://example.org/)**', [{ text: 'here', bold: true, href: 'https://example.org/' }]],
  [
    'link with bold label',
    '[**here**](https://example.org/)',
    [{ text: 'here', bold: true, href: 'https://example.org/' }],
  ],
])('%s', (_, text, runs) => {
  expect(parse(text)).toEqual(runs);
});

test.each([
  ['a script address', '[x](javascript:alert(1))'],
  ['another script address', '[x](javascript:void0)'],
  ['a data address', '[x](data:text/html,hi)'],
  ['HTML', '<b>x</b>'],
  ['other markdown', '# x *y* _z_ `w` ~~v~~'],
  ['stars alone', '2 ** 3 ** 4'],
])('%s stays as written', (_, text) => {
  expect(
    parse(text)
      .map(r => r.text)
      .join(''),
  ).toBe(text);
  expect(parse(text).some(r => r.bold || r.href)).toBe(false);
});
