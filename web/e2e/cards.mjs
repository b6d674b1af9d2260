// Canvases that the page tests draw.
const submit = { type: 'submit' };
const card = (components, stored_data = {}) => ({ content: { components }, stored_data });

export const home = card(
  [
    { type: 'text', id: 't', text: 'Tickets', style: 'header' },
    { type: 'text', text: 'This conversation is linked to **2 tickets**. [Open the guide](https://example.org/guide)' },
    {
      type: 'list',
      items: [
        { type: 'item', id: 'linked', title: 'Linked tickets (2)', subtitle: 'R-000001, R-000002', action: submit },
        { type: 'item', id: 'ongoing', title: 'Ongoing tickets (3)', subtitle: 'Of Dana Scully', action: submit },
        { type: 'item', id: 'off', title: 'Reports', tertiary_text: 'Not available', disabled: true, action: submit },
      ],
    },
    { type: 'divider' },
    { type: 'button', id: 'create', label: 'Create ticket', style: 'primary', action: submit },
    { type: 'button', id: 'search', label: 'Search', style: 'secondary', action: submit },
    { type: 'button', id: 'bad', label: 'Show a broken card', style: 'link', action: submit },
    { type: 'button', id: 'fail', label: 'Fail', style: 'link', action: submit },
  ],
  { page: 'home' },
);

export const form = errors =>
  card([
    { type: 'text', text: 'Create ticket', style: 'header' },
    { type: 'input', id: 'title', label: 'Title *', placeholder: 'In a few words', value: '' },
    ...(errors ? [{ type: 'text', text: 'The title is missing.', style: 'error' }] : []),
    { type: 'textarea', id: 'description', label: 'Description *', error: Boolean(errors) },
    {
      type: 'dropdown',
      id: 'urgency',
      label: 'Urgency',
      value: 'low',
      options: ['low', 'medium', 'high'].map(id => ({ type: 'option', id, text: id })),
    },
    {
      type: 'single-select',
      id: 'impact',
      label: 'Impact',
      options: ['A department', 'A service', 'A person'].map((text, i) => ({ type: 'option', id: `${i}`, text })),
    },
    {
      type: 'checkbox',
      id: 'copy',
      label: 'Conversation',
      value: ['yes'],
      option: [{ type: 'option', id: 'yes', text: 'Copy what was said so far' }],
    },
    { type: 'button', id: 'save', label: 'Create', action: submit },
    { type: 'button', id: 'back', label: 'Back', style: 'link', action: submit },
  ]);

export const search = card([
  { type: 'input', id: 'words', label: 'Search tickets', placeholder: 'Reference or words', action: submit },
  { type: 'input', id: 'kept', label: 'Saved', value: 'R-000001', save_state: 'saved' },
  { type: 'input', id: 'lost', label: 'Failed', value: 'R-0000', save_state: 'failed', action: submit },
  { type: 'button', id: 'back', label: 'Back', style: 'link', action: submit },
]);

export const view = card([
  { type: 'text', text: 'R-000001', style: 'header', bottom_margin: 'none' },
  { type: 'text', text: 'Printer on the second floor does not print', style: 'muted' },
  {
    type: 'data-table',
    items: [
      ['Status', 'assigned'],
      ['Service', 'A very long service name that does not fit in the narrow column of the card'],
      ['Agent', 'Fox Mulder'],
    ].map(([field, value]) => ({ type: 'field-value', field, value })),
  },
  { type: 'spacer', size: 'm' },
  {
    type: 'button',
    id: 'open',
    label: 'Open in back office',
    style: 'secondary',
    action: { type: 'url', url: 'https://example.org/t/1' },
  },
  { type: 'button', id: 'back', label: 'Back', style: 'link', action: submit },
]);

export const broken = card([
  { type: 'text', text: 'Choose', style: 'header' },
  {
    type: 'dropdown',
    id: 'twice',
    label: 'Too many',
    options: Array.from({ length: 11 }, (_, i) => ({ type: 'option', id: `${i}`, text: `Option ${i}` })),
  },
  { type: 'button', id: 'twice', label: 'Same id', action: submit },
  { type: 'video', id: 'v' },
  { type: 'spacer', size: 'xl' },
  { type: 'spacer', size: 'xl' },
  ...Array.from({ length: 5 }, (_, i) => ({ type: 'button', id: `b${i}`, label: `Button ${i}`, action: submit })),
  { type: 'button', id: 'back', label: 'Back', action: submit },
]);
