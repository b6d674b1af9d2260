/**
 * The words of Intercom's Canvas Kit, as a card arrives on the wire. Every
 * property may be missing or wrong in a card that somebody is still writing:
 * `rules.ts` says what is wrong, the drawing copes with it.
 */
export interface Canvas {
  content?: { components?: Component[] };
  stored_data?: Record<string, unknown>;
}

export type Action = { type: 'submit' } | { type: 'url'; url: string } | { type: 'sheet'; url: string };
export type SaveState = 'unsaved' | 'saved' | 'failed';
export type Align = 'left' | 'center' | 'right';

export interface Option {
  type: 'option';
  id: string;
  text: string;
  disabled?: boolean;
}

export interface Text {
  type: 'text';
  id?: string;
  text: string;
  align?: Align;
  style?: 'header' | 'paragraph' | 'muted' | 'error';
  bottom_margin?: 'none';
}

export interface Button {
  type: 'button';
  id: string;
  label: string;
  action: Action;
  style?: 'primary' | 'secondary' | 'link';
  disabled?: boolean;
}

export interface Input {
  type: 'input';
  id: string;
  label?: string;
  placeholder?: string;
  value?: string;
  action?: Action;
  save_state?: SaveState;
  disabled?: boolean;
}

export interface Textarea {
  type: 'textarea';
  id: string;
  label?: string;
  placeholder?: string;
  value?: string;
  error?: boolean;
  disabled?: boolean;
}

export interface Choice {
  type: 'dropdown' | 'single-select';
  id: string;
  options: Option[];
  label?: string;
  value?: string;
  save_state?: SaveState;
  disabled?: boolean;
  action?: Action;
}

export interface Checkbox {
  type: 'checkbox';
  id: string;
  /** The options; the name is singular on the wire. */
  option: Option[];
  label?: string;
  value?: string[];
  save_state?: SaveState;
  disabled?: boolean;
}

export interface ListItem {
  type: 'item';
  id: string;
  title: string;
  subtitle?: string;
  tertiary_text?: string;
  image?: string;
  image_width?: number;
  image_height?: number;
  rounded_image?: boolean;
  disabled?: boolean;
  action?: Action;
}

export interface List {
  type: 'list';
  items: ListItem[];
  disabled?: boolean;
}

export interface DataTable {
  type: 'data-table';
  items: { type: 'field-value'; field: string; value: string }[];
}

export interface Image {
  type: 'image';
  url: string;
  width: number;
  height: number;
  id?: string;
  align?: Align | 'full_width';
  rounded?: boolean;
  bottom_margin?: 'none';
  action?: Action;
}

export interface Spacer {
  type: 'spacer';
  id?: string;
  size?: 'xs' | 's' | 'm' | 'l' | 'xl';
}

export interface Divider {
  type: 'divider';
  id?: string;
  bottom_margin?: 'none';
}

export type Component =
  | Text
  | Button
  | Input
  | Textarea
  | Choice
  | Checkbox
  | List
  | DataTable
  | Image
  | Spacer
  | Divider;

/** What a person has entered, by component id; several ids for a checkbox. */
export type Values = Record<string, string | string[]>;

/** What Intercom sends to the app when a component is used. */
export interface Submission {
  component_id: string;
  input_values: Values;
}

/** The components of a canvas; none when it has no readable list. */
export function componentsOf(canvas: Canvas | null | undefined): Component[] {
  const list = canvas?.content?.components;
  return Array.isArray(list) ? list.filter(c => c !== null && typeof c === 'object') : [];
}

/** A list that may be missing or wrong, as a list. */
export function listOf<T>(value: T[] | undefined): T[] {
  return Array.isArray(value) ? value.filter(v => v !== null && typeof v === 'object') : [];
}

/** The values that a fresh canvas starts with. A choice without one has no entry. */
export function initialValues(canvas: Canvas | null | undefined): Values {
  const values: Values = {};
  for (const c of componentsOf(canvas)) {
    if (c.type === 'input' || c.type === 'textarea') {
      values[c.id] = typeof c.value === 'string' ? c.value : '';
    } else if (c.type === 'checkbox') {
      values[c.id] = Array.isArray(c.value) ? c.value.map(String) : [];
    } else if ((c.type === 'dropdown' || c.type === 'single-select') && c.value) {
      values[c.id] = c.value;
    }
  }
  return values;
}

/** The address when it is one that may be opened (http or https), else nothing. */
export function openable(url: unknown): string | undefined {
  if (typeof url !== 'string') {
    return undefined;
  }
  try {
    const parsed = new URL(url);
    return parsed.protocol === 'https:' || parsed.protocol === 'http:' ? parsed.href : undefined;
  } catch {
    return undefined;
  }
}
