import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test, vi } from 'vitest';
import { Card } from './Card';
import type { Canvas, Component } from './canvas';

const submit = { type: 'submit' } as const;
const options = (...names: string[]) => names.map(text => ({ type: 'option' as const, id: text.toLowerCase(), text }));
const canvas = (...components: Component[]): Canvas => ({ content: { components } });
const save: Component = { type: 'button', id: 'save', label: 'Save', action: submit };

function show(...components: Component[]) {
  const onSubmit = vi.fn();
  const view = render(<Card canvas={canvas(...components)} onSubmit={onSubmit} />);
  return { onSubmit, user: userEvent.setup(), view };
}

test('every input is collected by its component id', async () => {
  const { onSubmit, user } = show(
    { type: 'input', id: 'title', label: 'Title', value: 'old' },
    { type: 'textarea', id: 'text', label: 'Text' },
    { type: 'dropdown', id: 'urgency', label: 'Urgency', options: options('Low', 'High') },
    { type: 'dropdown', id: 'untouched', label: 'Untouched', options: options('A', 'B') },
    { type: 'single-select', id: 'impact', label: 'Impact', value: 'one', options: options('One', 'Two') },
    { type: 'checkbox', id: 'also', label: 'Also', value: ['log'], option: options('Log', 'Note') },
    save,
  );
  await user.clear(screen.getByLabelText('Title'));
  await user.type(screen.getByLabelText('Title'), 'new');
  await user.type(screen.getByLabelText('Text'), 'two\nlines');
  await user.selectOptions(screen.getByLabelText('Urgency'), 'High');
  await user.click(screen.getByRole('radio', { name: 'Two' }));
  await user.click(screen.getByRole('checkbox', { name: 'Note' }));
  await user.click(screen.getByRole('checkbox', { name: 'Log' }));
  expect(onSubmit).not.toHaveBeenCalled();
  await user.click(screen.getByRole('button', { name: 'Save' }));
  expect(onSubmit).toHaveBeenCalledExactlyOnceWith({
    component_id: 'save',
    input_values: { title: 'new', text: 'two\nlines', urgency: 'high', impact: 'two', also: ['note'] },
  });
});

describe('what submits at once', () => {
  test('a dropdown and a single-select with an action', async () => {
    const { onSubmit, user } = show(
      { type: 'dropdown', id: 'd', label: 'D', options: options('A', 'B'), action: submit },
      { type: 'single-select', id: 's', label: 'S', options: options('X', 'Y'), action: submit },
    );
    await user.selectOptions(screen.getByLabelText('D'), 'B');
    expect(onSubmit).toHaveBeenLastCalledWith({ component_id: 'd', input_values: { d: 'b' } });
    await user.click(screen.getByRole('radio', { name: 'Y' }));
    expect(onSubmit).toHaveBeenLastCalledWith({ component_id: 's', input_values: { d: 'b', s: 'y' } });
  });

  test('an input with an action, by its button and by Enter', async () => {
    const { onSubmit, user } = show({ type: 'input', id: 'q', label: 'Search', action: submit });
    await user.type(screen.getByLabelText('Search', { selector: 'input' }), 'toner{Enter}');
    await user.click(screen.getByRole('button', { name: 'Send Search' }));
    expect(onSubmit.mock.calls).toEqual([
      [{ component_id: 'q', input_values: { q: 'toner' } }],
      [{ component_id: 'q', input_values: { q: 'toner' } }],
    ]);
  });

  test('not an input without an action', async () => {
    const { onSubmit, user } = show({ type: 'input', id: 'q', label: 'Title' }, save);
    await user.type(screen.getByLabelText('Title'), 'x{Enter}');
    expect(onSubmit).not.toHaveBeenCalled();
  });

  test('an item of a list, unless it or its list is disabled', async () => {
    const item = (id: string, disabled?: boolean) => ({
      type: 'item' as const,
      id,
      title: id,
      action: submit,
      ...(disabled ? { disabled } : {}),
    });
    const { onSubmit, user } = show(
      { type: 'list', items: [item('one'), item('two', true)] },
      { type: 'list', items: [item('three')], disabled: true },
    );
    await user.click(screen.getByRole('button', { name: 'one' }));
    await user.click(screen.getByRole('button', { name: 'two' }));
    await user.click(screen.getByRole('button', { name: 'three' }));
    expect(onSubmit).toHaveBeenCalledExactlyOnceWith({ component_id: 'one', input_values: {} });
  });
});

test('an address opens in a new tab, and only http and https do', () => {
  show(
    { type: 'button', id: 'a', label: 'Open', action: { type: 'url', url: 'https://example.org/1' } },
    { type: 'button', id: 'b', label: 'Evil', action: { type: 'url', url: 'javascript:alert(1)' } },
    { type: 'text', text: '**Bold** and [link](https://example.org/2) and [bad](javascript:alert(1))' },
  );
  const open = screen.getByRole('link', { name: 'Open' });
  expect(open.getAttribute('href')).toBe('https://example.org/1');
  expect(open.getAttribute('target')).toBe('_blank');
  expect(open.getAttribute('rel')).toContain('noopener');
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Evil' }).disabled).toBe(true);
  expect(screen.getByText('Bold').tagName).toBe('STRONG');
  expect(screen.getAllByRole('link')).toHaveLength(2);
});

test('what is saved or disabled cannot be changed, and what failed says so', () => {
  show(
    { type: 'input', id: 'a', label: 'Saved', save_state: 'saved', value: 'x' },
    { type: 'input', id: 'b', label: 'Failed', save_state: 'failed', value: 'x' },
    { type: 'textarea', id: 'c', label: 'Wrong', error: true },
    { type: 'checkbox', id: 'd', label: 'Off', disabled: true, option: options('Box') },
  );
  expect(screen.getByLabelText<HTMLInputElement>('Saved').disabled).toBe(true);
  expect(screen.getByLabelText('Failed').getAttribute('aria-invalid')).toBe('true');
  expect(screen.getByText('Not saved. Try again.')).toBeTruthy();
  expect(screen.getByLabelText('Wrong').getAttribute('aria-invalid')).toBe('true');
  expect(
    within(screen.getByRole('group', { name: 'Off' }))
      .getByRole('checkbox')
      .matches(':disabled'),
  ).toBe(true);
});

test('nothing can be used while an answer is awaited', async () => {
  const onSubmit = vi.fn();
  const shown = canvas({ type: 'input', id: 'q', label: 'Q' }, save);
  render(<Card canvas={shown} onSubmit={onSubmit} busy />);
  await userEvent.click(screen.getByRole('button', { name: 'Save' }));
  expect(onSubmit).not.toHaveBeenCalled();
  expect(screen.getByLabelText<HTMLInputElement>('Q').disabled).toBe(true);
  expect(screen.getByRole('region', { name: 'Card' }).getAttribute('aria-busy')).toBe('true');
});

test('a new canvas brings its own values and keeps the keyboard in the card', async () => {
  const { user, view } = show({ type: 'input', id: 'q', label: 'Q' }, save);
  await user.type(screen.getByLabelText('Q'), 'typed');
  await user.click(screen.getByRole('button', { name: 'Save' }));
  view.rerender(<Card canvas={canvas({ type: 'input', id: 'q', label: 'Q', value: 'fresh' })} onSubmit={() => {}} />);
  expect(screen.getByLabelText<HTMLInputElement>('Q').value).toBe('fresh');
  expect(document.activeElement).toBe(screen.getByRole('region', { name: 'Card' }));
});

test('a preview shows the limit of the first card and the broken rules', () => {
  const height = vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(512);
  render(<Card canvas={canvas(save, { ...save })} preview="first" />);
  expect(screen.getByText('400 px')).toBeTruthy();
  const alert = screen.getByRole('alert');
  expect(alert.textContent).toContain('"save" is used twice');
  expect(alert.textContent).toContain('is 512 px tall; a first card may have at most 400 px');
  height.mockRestore();
});

test('a later card may be taller', () => {
  const height = vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(512);
  render(<Card canvas={canvas(save)} preview="later" />);
  expect(screen.queryByText('400 px')).toBeNull();
  expect(screen.queryByRole('alert')).toBeNull();
  height.mockRestore();
});

test('a preview of a good card says so', () => {
  render(<Card canvas={canvas(save)} preview="later" />);
  expect(screen.getByText('The card keeps every rule of the Canvas Kit.')).toBeTruthy();
});

test('a malformed canvas is drawn as far as it goes', () => {
  const bad = {
    content: {
      components: [null, { type: 'video' }, { type: 'dropdown', id: 'd' }, { type: 'list' }, { type: 'text' }, save],
    },
  } as unknown as Canvas;
  render(<Card canvas={bad} preview="later" />);
  expect(screen.getByRole('button', { name: 'Save' })).toBeTruthy();
  expect(screen.getByRole('alert').textContent).toContain('"video" is not a component');
});
