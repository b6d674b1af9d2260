import { describe, expect, test } from 'vitest';
import { type Violation, violations } from './rules';

const submit = { type: 'submit' };
const option = (i: number | string) => ({ type: 'option', id: `o${i}`, text: `Option ${i}` });
const many = (n: number) => Array.from({ length: n }, (_, i) => option(i));
const of = (...components: unknown[]) => violations({ content: { components } });
const lines = (found: Violation[]) => found.map(v => `${v.path} ${v.text}`);

const fine: Record<string, object> = {
  text: { type: 'text', text: 'Hello', id: 't', align: 'center', style: 'muted', bottom_margin: 'none' },
  button: { type: 'button', id: 'b', label: 'Go', action: submit, style: 'link', disabled: true },
  'button that opens': { type: 'button', id: 'b', label: 'Go', action: { type: 'url', url: 'http://example.org/' } },
  input: { type: 'input', id: 'i', label: 'L', placeholder: 'P', value: 'V', action: submit, save_state: 'failed' },
  textarea: { type: 'textarea', id: 'a', label: 'L', value: '', error: true, disabled: false },
  dropdown: { type: 'dropdown', id: 'd', options: many(2), value: 'o1' },
  'single-select': { type: 'single-select', id: 's', options: many(10), action: submit, save_state: 'saved' },
  checkbox: { type: 'checkbox', id: 'c', label: 'L', option: many(1), value: ['o0'] },
  list: {
    type: 'list',
    items: [
      { type: 'item', id: 'x', title: 'T', subtitle: 'S', tertiary_text: 'R', action: submit },
      { type: 'item', id: 'y', title: 'T', image: 'https://example.org/i', image_width: 8, image_height: 8 },
    ],
  },
  'data-table': { type: 'data-table', items: [{ type: 'field-value', field: 'F', value: '' }] },
  image: { type: 'image', url: 'https://example.org/i', width: 1, height: 1, align: 'full_width', rounded: true },
  spacer: { type: 'spacer', size: 'xl' },
  divider: { type: 'divider', bottom_margin: 'none' },
};

describe('a card that keeps the rules', () => {
  test.each(Object.entries(fine))('%s', (_, component) => {
    expect(lines(of(component))).toEqual([]);
  });

  test('has a null where a property is not given', () => {
    expect(of({ type: 'text', text: 'x', style: null })).toEqual([]);
  });
});

const wrong: [string, object, string][] = [
  ['unknown component', { type: 'video' }, 'components[0].type "video" is not a component'],
  ['a name of every object', { type: 'constructor' }, 'components[0].type "constructor" is not a component'],
  ['text without text', { type: 'text' }, 'components[0].text is missing'],
  [
    'text style',
    { type: 'text', text: 'x', style: 'bold' },
    'components[0].style must be header, paragraph, muted or error',
  ],
  ['button without action', { type: 'button', id: 'b', label: 'x' }, 'components[0].action is missing'],
  [
    'button without label',
    { type: 'button', id: 'b', label: '', action: submit },
    'components[0].label must be a text that is not empty',
  ],
  [
    'script address',
    { type: 'button', id: 'b', label: 'x', action: { type: 'url', url: 'javascript:alert(1)' } },
    'components[0].action must open an http or https address',
  ],
  [
    'sheet',
    { type: 'button', id: 'b', label: 'x', action: { type: 'sheet', url: 'https://example.org' } },
    'components[0].action opens a sheet, which exists only in the Messenger',
  ],
  [
    'textarea with save state',
    { type: 'textarea', id: 'a', save_state: 'saved' },
    'components[0].save_state is not a property of this component',
  ],
  [
    'one option',
    { type: 'dropdown', id: 'd', options: many(1) },
    'components[0].options must have 2 to 10 options, not 1',
  ],
  [
    '11 options',
    { type: 'single-select', id: 'd', options: many(11) },
    'components[0].options must have 2 to 10 options, not 11',
  ],
  [
    'options of one id',
    { type: 'dropdown', id: 'd', options: [option(1), option(1)] },
    'components[0].options has the id "o1" twice',
  ],
  [
    'value that is no option',
    { type: 'dropdown', id: 'd', options: many(2), value: 'z' },
    'components[0].value "z" is not one of the options',
  ],
  [
    'checkbox without option',
    { type: 'checkbox', id: 'c', label: 'L', option: [] },
    'components[0].option must be a list with at least one entry',
  ],
  ['checkbox without label', { type: 'checkbox', id: 'c', option: many(1) }, 'components[0].label is missing'],
  [
    'checkbox value',
    { type: 'checkbox', id: 'c', label: 'L', option: many(1), value: ['z'] },
    'components[0].value "z" is not one of the options',
  ],
  [
    'item image without size',
    { type: 'list', items: [{ type: 'item', id: 'x', title: 'T', image: 'https://example.org/i', image_width: 8 }] },
    'components[0].items[0].image needs image_width and image_height',
  ],
  [
    'entry of a wrong type',
    { type: 'data-table', items: [{ type: 'item', field: 'F', value: 'V' }] },
    'components[0].items[0].type must be field-value',
  ],
  [
    'image by http',
    { type: 'image', url: 'http://example.org/i', width: 1, height: 1 },
    'components[0].url must be an https address',
  ],
  [
    'image that submits',
    { type: 'image', url: 'https://example.org/i', width: 1, height: 1, action: submit },
    'components[0].action must have the type url',
  ],
  ['spacer size', { type: 'spacer', size: 'xxl' }, 'components[0].size must be xs, s, m, l or xl'],
];

describe('a card that breaks a rule', () => {
  test.each(wrong)('%s', (_, component, line) => {
    expect(lines(of(component))).toEqual([line]);
  });

  test('uses an id twice, in a list too', () => {
    const list = { type: 'list', items: [{ type: 'item', id: 'b', title: 'T' }] };
    expect(lines(of(fine.button, list))).toEqual(['components[1].items[0].id "b" is used twice']);
  });

  test('is empty, missing or no list', () => {
    expect(lines(of())).toEqual(['content.components is empty: an empty card shows nothing']);
    expect(lines(violations(null))).toEqual(['canvas is missing']);
    expect(lines(violations({}))).toEqual(['content is missing']);
    expect(lines(violations({ content: { components: {} } }))).toEqual(['content.components must be a list']);
    expect(lines(of(null))).toEqual(['components[0] must be a component']);
  });

  test('is larger than 64 KB, counted in bytes', () => {
    const found = lines(of({ type: 'text', text: 'é'.repeat(33_000) }));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^content has 660\d\d bytes; 65536 are allowed$/);
    const stored = violations({ content: { components: [fine.text] }, stored_data: { k: 'x'.repeat(70_000) } });
    expect(stored.map(v => v.path)).toEqual(['stored_data']);
  });
});
