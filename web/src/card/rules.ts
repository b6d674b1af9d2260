import { openable } from './canvas';

/** One rule of the Canvas Kit that a card breaks, and where. */
export interface Violation {
  /** The place in the canvas, such as `components[2].options`. */
  path: string;
  text: string;
}

/** Returns what is wrong with a value, or nothing. */
type Check = (value: unknown) => string | undefined;
interface Property {
  check: Check;
  required: boolean;
}
type Shape = Record<string, Property>;
type Record_ = Record<string, unknown>;

/** At most this many bytes of JSON for the content, and again for the stored data. */
const maxBytes = 64 * 1024;
/** The tallest first card, in pixels. */
export const firstCardHeight = 400;

const isRecord = (v: unknown): v is Record_ => typeof v === 'object' && v !== null && !Array.isArray(v);

const text: Check = v => (typeof v === 'string' ? undefined : 'must be a text');
const name: Check = v => (typeof v === 'string' && v !== '' ? undefined : 'must be a text that is not empty');
const flag: Check = v => (typeof v === 'boolean' ? undefined : 'must be true or false');
const size: Check = v => (typeof v === 'number' && v > 0 ? undefined : 'must be a number of pixels above 0');
const array: Check = v => (Array.isArray(v) && v.length > 0 ? undefined : 'must be a list with at least one entry');
const texts: Check = v =>
  Array.isArray(v) && v.every(x => typeof x === 'string') ? undefined : 'must be a list of ids';
const secureURL: Check = v => (openable(v)?.startsWith('https:') ? undefined : 'must be an https address');
const oneOf =
  (...allowed: string[]): Check =>
  v =>
    allowed.includes(v as string) ? undefined : `must be ${allowed.join(', ').replace(/, ([^,]*)$/, ' or $1')}`;

const options: Check = v =>
  Array.isArray(v) && v.length >= 2 && v.length <= 10
    ? undefined
    : `must have 2 to 10 options, not ${Array.isArray(v) ? v.length : 0}`;

const action: Check = v => {
  if (!isRecord(v)) {
    return 'must be an action';
  }
  if (v.type === 'sheet') {
    return 'opens a sheet, which exists only in the Messenger';
  }
  if (v.type === 'url') {
    return openable(v.url) ? undefined : 'must open an http or https address';
  }
  return v.type === 'submit' ? undefined : 'must have the type submit or url';
};
const urlAction: Check = v => (isRecord(v) && v.type === 'url' ? action(v) : 'must have the type url');

const need = (check: Check): Property => ({ check, required: true });
const may = (check: Check): Property => ({ check, required: false });

const saveState = may(oneOf('unsaved', 'saved', 'failed'));
const bottomMargin = may(oneOf('none'));
const choice: Shape = {
  id: need(name),
  options: need(options),
  label: may(text),
  value: may(text),
  save_state: saveState,
  disabled: may(flag),
  action: may(action),
};

const shapes: Record<string, Shape> = {
  text: {
    text: need(text),
    id: may(name),
    align: may(oneOf('left', 'center', 'right')),
    style: may(oneOf('header', 'paragraph', 'muted', 'error')),
    bottom_margin: bottomMargin,
  },
  button: {
    id: need(name),
    label: need(name),
    action: need(action),
    style: may(oneOf('primary', 'secondary', 'link')),
    disabled: may(flag),
  },
  input: {
    id: need(name),
    label: may(text),
    placeholder: may(text),
    value: may(text),
    action: may(action),
    save_state: saveState,
    disabled: may(flag),
  },
  textarea: {
    id: need(name),
    label: may(text),
    placeholder: may(text),
    value: may(text),
    error: may(flag),
    disabled: may(flag),
  },
  dropdown: choice,
  'single-select': choice,
  checkbox: {
    id: need(name),
    option: need(array),
    label: need(text),
    value: may(texts),
    save_state: saveState,
    disabled: may(flag),
  },
  list: { items: need(array), disabled: may(flag), id: may(name) },
  'data-table': { items: need(array), id: may(name) },
  image: {
    url: need(secureURL),
    width: need(size),
    height: need(size),
    id: may(name),
    align: may(oneOf('left', 'center', 'right', 'full_width')),
    rounded: may(flag),
    bottom_margin: bottomMargin,
    action: may(urlAction),
  },
  spacer: { id: may(name), size: may(oneOf('xs', 's', 'm', 'l', 'xl')) },
  divider: { id: may(name), bottom_margin: bottomMargin },
};

const optionShape: Shape = { id: need(name), text: need(name), disabled: may(flag) };
const fieldShape: Shape = { field: need(text), value: need(text) };
const itemShape: Shape = {
  id: need(name),
  title: need(name),
  subtitle: may(text),
  tertiary_text: may(text),
  image: may(secureURL),
  image_width: may(size),
  image_height: may(size),
  rounded_image: may(flag),
  disabled: may(flag),
  action: may(action),
};

/**
 * Lists every rule of the Canvas Kit that an inbox card breaks. Intercom shows
 * its own failure instead of such a card. An empty list means that the card is
 * fine, apart from its height, which only a drawn card has.
 */
export function violations(canvas: unknown): Violation[] {
  const found: Violation[] = [];
  const say = (path: string, what: string) => found.push({ path, text: what });
  if (!isRecord(canvas)) {
    return [{ path: 'canvas', text: 'is missing' }];
  }
  if (!isRecord(canvas.content)) {
    return [{ path: 'content', text: 'is missing' }];
  }
  const components = canvas.content.components;
  if (!Array.isArray(components)) {
    return [{ path: 'content.components', text: 'must be a list' }];
  }
  if (components.length === 0) {
    say('content.components', 'is empty: an empty card shows nothing');
  }
  checkBytes('content', canvas.content, say);
  checkBytes('stored_data', canvas.stored_data ?? {}, say);
  components.forEach((c, i) => {
    checkComponent(`components[${i}]`, c, say);
  });
  checkIDs(components, say);
  return found;
}

type Say = (path: string, what: string) => void;

function checkBytes(path: string, value: unknown, say: Say) {
  const bytes = new TextEncoder().encode(JSON.stringify(value)).length;
  if (bytes > maxBytes) {
    say(path, `has ${bytes} bytes; ${maxBytes} are allowed`);
  }
}

function checkComponent(path: string, c: unknown, say: Say) {
  if (!isRecord(c)) {
    say(path, 'must be a component');
    return;
  }
  const shape = typeof c.type === 'string' && Object.hasOwn(shapes, c.type) ? shapes[c.type] : undefined;
  if (!shape) {
    say(`${path}.type`, `"${String(c.type)}" is not a component`);
    return;
  }
  checkShape(path, c, shape, say);
  switch (c.type) {
    case 'dropdown':
    case 'single-select':
      checkOptions(`${path}.options`, c.options, c.value === undefined ? [] : [c.value], `${path}.value`, say);
      break;
    case 'checkbox':
      checkOptions(`${path}.option`, c.option, Array.isArray(c.value) ? c.value : [], `${path}.value`, say);
      break;
    case 'list':
      checkEntries(`${path}.items`, c.items, 'item', itemShape, say);
      checkItemImages(`${path}.items`, c.items, say);
      break;
    case 'data-table':
      checkEntries(`${path}.items`, c.items, 'field-value', fieldShape, say);
      break;
  }
}

function checkShape(path: string, value: Record_, shape: Shape, say: Say) {
  for (const [key, property] of Object.entries(shape)) {
    const v = value[key];
    if (v === undefined || v === null) {
      if (property.required) {
        say(`${path}.${key}`, 'is missing');
      }
      continue;
    }
    const wrong = property.check(v);
    if (wrong) {
      say(`${path}.${key}`, wrong);
    }
  }
  for (const key of Object.keys(value)) {
    if (key !== 'type' && !Object.hasOwn(shape, key)) {
      say(`${path}.${key}`, 'is not a property of this component');
    }
  }
}

function checkEntries(path: string, entries: unknown, type: string, shape: Shape, say: Say) {
  if (!Array.isArray(entries)) {
    return;
  }
  entries.forEach((entry, i) => {
    const at = `${path}[${i}]`;
    if (!isRecord(entry)) {
      say(at, `must be of the type ${type}`);
      return;
    }
    if (entry.type !== type) {
      say(`${at}.type`, `must be ${type}`);
    }
    checkShape(at, entry, shape, say);
  });
}

function checkOptions(path: string, list: unknown, chosen: unknown[], valuePath: string, say: Say) {
  checkEntries(path, list, 'option', optionShape, say);
  const ids = Array.isArray(list) ? list.filter(isRecord).map(o => o.id) : [];
  for (const id of ids.filter((x, i) => ids.indexOf(x) !== i)) {
    say(path, `has the id "${String(id)}" twice`);
  }
  for (const id of chosen.filter(x => !ids.includes(x))) {
    say(valuePath, `"${String(id)}" is not one of the options`);
  }
}

function checkItemImages(path: string, items: unknown, say: Say) {
  if (!Array.isArray(items)) {
    return;
  }
  items.forEach((item, i) => {
    if (isRecord(item) && item.image && !(item.image_width && item.image_height)) {
      say(`${path}[${i}].image`, 'needs image_width and image_height');
    }
  });
}

function checkIDs(components: unknown[], say: Say) {
  const seen = new Set<unknown>();
  const take = (id: unknown, path: string) => {
    if (id === undefined || id === null) {
      return;
    }
    if (seen.has(id)) {
      say(`${path}.id`, `"${String(id)}" is used twice`);
    }
    seen.add(id);
  };
  components.forEach((c, i) => {
    if (!isRecord(c)) {
      return;
    }
    take(c.id, `components[${i}]`);
    if (c.type === 'list' && Array.isArray(c.items)) {
      c.items.filter(isRecord).forEach((item, k) => {
        take(item.id, `components[${i}].items[${k}]`);
      });
    }
  });
}
