import { expect, test } from 'vitest';
import { sanitise } from './Html';

test.each([
  ['script', '<p>a<script>alert(1)</script></p>', '<p>a</p>'],
  ['handler', '<b onclick="alert(1)">a</b>', '<b>a</b>'],
  ['style', '<p style="position:fixed">a</p><style>p{}</style>', '<p>a</p>'],
  ['form', '<form action="https://example.org"><input name="p">a</form>', 'a'],
  ['frame', '<iframe src="https://example.org"></iframe>a', 'a'],
  ['vector', '<svg><a xlink:href="javascript:alert(1)">a</a></svg>', ''],
])('%s is taken out', (_, html, clean) => {
  expect(sanitise(html)).toBe(clean);
});

test('links open in their own tab, and script addresses are dropped', () => {
  expect(sanitise('<a href="https://example.org/">a</a>')).toBe(
    '<a href="https://example.org/" target="_blank" rel="noopener noreferrer nofollow">a</a>',
  );
  expect(sanitise('<a href="javascript:alert(1)">a</a>')).not.toContain('javascript');
  expect(sanitise('<a href="//example.org">a</a>')).not.toContain('href');
});
