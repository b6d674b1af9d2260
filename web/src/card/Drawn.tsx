import { type ReactNode, useId, useState } from 'react';
import classes from './Card.module.css';
import {
  type Action,
  type Button,
  type Checkbox,
  type Choice,
  type Component,
  type DataTable,
  type Image,
  type Input,
  type List,
  type ListItem,
  listOf,
  openable,
  type SaveState,
  type Text,
  type Textarea,
  type Values,
} from './canvas';
import { parse, type Run } from './markdown';

interface Use {
  values: Values;
  busy: boolean;
  /** The component whose submission is under way. */
  pressed: string | undefined;
  onChange: (change: Values) => void;
  /** Submits the component; `change` is what it has just changed. */
  onSubmit: (id: string, change?: Values) => void;
}
type Props<C> = Use & { component: C };

/** Draws one component. One of an unknown type draws nothing. */
export function Drawn(props: Props<Component>) {
  const { component, ...use } = props;
  switch (component.type) {
    case 'text':
      return <DrawnText text={component} />;
    case 'button':
      return <DrawnButton component={component} {...use} />;
    case 'input':
      return <DrawnInput component={component} {...use} />;
    case 'textarea':
      return <DrawnTextarea component={component} {...use} />;
    case 'dropdown':
      return <DrawnDropdown component={component} {...use} />;
    case 'single-select':
      return <DrawnSingleSelect component={component} {...use} />;
    case 'checkbox':
      return <DrawnCheckbox component={component} {...use} />;
    case 'list':
      return <DrawnList component={component} {...use} />;
    case 'data-table':
      return <DrawnTable table={component} />;
    case 'image':
      return <DrawnImage image={component} />;
    case 'spacer':
      return <div className={classes.spacer} data-size={component.size ?? 's'} />;
    case 'divider':
      return <hr className={classes.divider} data-bottom={component.bottom_margin} />;
    default:
      return null;
  }
}

function DrawnText({ text }: { text: Text }) {
  return (
    <p
      className={classes.text}
      data-style={text.style ?? 'paragraph'}
      data-align={text.align ?? 'left'}
      data-bottom={text.bottom_margin}
    >
      <Runs text={text.text} />
    </p>
  );
}

function Runs({ text }: { text: unknown }) {
  return parse(typeof text === 'string' ? text : '').map((run, i) => {
    // biome-ignore lint/suspicious/noArrayIndexKey: a run has no other identity
    return <Words key={i} run={run} />;
  });
}

function Words({ run }: { run: Run }) {
  const words = run.bold ? <strong>{run.text}</strong> : run.text;
  return run.href ? (
    <a href={run.href} target="_blank" rel="noopener noreferrer">
      {words}
    </a>
  ) : (
    words
  );
}

/** Something to press: a link for an address, else a button that submits. */
function Press({
  action,
  disabled,
  busy,
  className,
  style,
  onSubmit,
  children,
}: {
  action: Action | undefined;
  disabled: boolean;
  busy?: boolean;
  className: string | undefined;
  style?: string;
  onSubmit: () => void;
  children: ReactNode;
}) {
  const href = action?.type === 'url' ? openable(action.url) : undefined;
  if (href && !disabled) {
    return (
      <a className={className} data-style={style} href={href} target="_blank" rel="noopener noreferrer">
        {children}
      </a>
    );
  }
  return (
    <button
      type="button"
      className={className}
      data-style={style}
      data-busy={busy || undefined}
      disabled={disabled || action?.type !== 'submit'}
      onClick={onSubmit}
    >
      {children}
    </button>
  );
}

function DrawnButton({ component: c, busy, pressed, onSubmit }: Props<Button>) {
  return (
    <Press
      action={c.action}
      disabled={Boolean(c.disabled) || busy}
      busy={pressed === c.id}
      className={classes.button}
      style={c.style ?? 'primary'}
      onSubmit={() => onSubmit(c.id)}
    >
      {c.label}
    </Press>
  );
}

/** True when a value can no longer be changed: disabled, saved, or on its way. */
const locked = (c: { disabled?: boolean; save_state?: SaveState }, busy: boolean) =>
  Boolean(c.disabled) || c.save_state === 'saved' || busy;

function SaveMark({ state }: { state: SaveState | undefined }) {
  if (state === 'saved') {
    return <p className={classes.saved}>✓ Saved</p>;
  }
  return state === 'failed' ? <p className={classes.failed}>Not saved. Try again.</p> : null;
}

function DrawnInput({ component: c, values, busy, pressed, onChange, onSubmit }: Props<Input>) {
  const id = useId();
  const value = String(values[c.id] ?? '');
  const submits = c.action?.type === 'submit';
  return (
    <div className={classes.field}>
      {c.label ? <label htmlFor={id}>{c.label}</label> : null}
      <div className={classes.inline}>
        <input
          id={id}
          type="text"
          aria-label={c.label ? undefined : (c.placeholder ?? c.id)}
          aria-invalid={c.save_state === 'failed' || undefined}
          placeholder={c.placeholder}
          value={value}
          disabled={locked(c, busy)}
          onChange={e => onChange({ [c.id]: e.target.value })}
          onKeyDown={e => {
            if (e.key === 'Enter' && submits && !e.nativeEvent.isComposing) {
              onSubmit(c.id);
            }
          }}
        />
        {c.action ? (
          <Press
            action={c.action}
            disabled={locked(c, busy)}
            busy={pressed === c.id}
            className={classes.go}
            onSubmit={() => onSubmit(c.id)}
          >
            <svg viewBox="0 0 16 16" width="16" height="16" role="img" aria-label={`Send ${c.label ?? c.id}`}>
              <path d="M3 8h9M8.500 4l4 4-4 4" fill="none" stroke="currentColor" strokeWidth="2" />
            </svg>
          </Press>
        ) : null}
      </div>
      <SaveMark state={c.save_state} />
    </div>
  );
}

function DrawnTextarea({ component: c, values, busy, onChange }: Props<Textarea>) {
  const id = useId();
  return (
    <div className={classes.field}>
      {c.label ? <label htmlFor={id}>{c.label}</label> : null}
      <textarea
        id={id}
        rows={3}
        aria-label={c.label ? undefined : (c.placeholder ?? c.id)}
        aria-invalid={c.error || undefined}
        placeholder={c.placeholder}
        value={String(values[c.id] ?? '')}
        disabled={Boolean(c.disabled) || busy}
        onChange={e => onChange({ [c.id]: e.target.value })}
      />
    </div>
  );
}

function DrawnDropdown({ component: c, values, busy, onChange, onSubmit }: Props<Choice>) {
  const id = useId();
  const value = values[c.id] ?? '';
  return (
    <div className={classes.field}>
      {c.label ? <label htmlFor={id}>{c.label}</label> : null}
      <select
        id={id}
        aria-label={c.label ? undefined : c.id}
        aria-invalid={c.save_state === 'failed' || undefined}
        value={value as string}
        disabled={locked(c, busy)}
        onChange={e => {
          const change = { [c.id]: e.target.value };
          onChange(change);
          if (c.action?.type === 'submit') {
            onSubmit(c.id, change);
          }
        }}
      >
        {value === '' ? (
          <option value="" disabled>
            Choose
          </option>
        ) : null}
        {listOf(c.options).map(o => (
          <option key={o.id} value={o.id} disabled={Boolean(o.disabled)}>
            {o.text}
          </option>
        ))}
      </select>
      <SaveMark state={c.save_state} />
    </div>
  );
}

function DrawnSingleSelect({ component: c, values, busy, onChange, onSubmit }: Props<Choice>) {
  const group = useId();
  return (
    <fieldset className={classes.field} disabled={locked(c, busy)}>
      <legend className={c.label ? undefined : classes.hidden}>{c.label ?? c.id}</legend>
      <div className={classes.pills}>
        {listOf(c.options).map(o => (
          <label key={o.id} className={classes.pill} data-disabled={o.disabled || undefined}>
            <input
              type="radio"
              name={group}
              value={o.id}
              checked={values[c.id] === o.id}
              disabled={Boolean(o.disabled)}
              onChange={() => {
                const change = { [c.id]: o.id };
                onChange(change);
                if (c.action?.type === 'submit') {
                  onSubmit(c.id, change);
                }
              }}
            />
            <span>{o.text}</span>
          </label>
        ))}
      </div>
      <SaveMark state={c.save_state} />
    </fieldset>
  );
}

function DrawnCheckbox({ component: c, values, busy, onChange }: Props<Checkbox>) {
  const chosen = values[c.id];
  const ids = Array.isArray(chosen) ? chosen : [];
  return (
    <fieldset className={classes.field} disabled={locked(c, busy)}>
      <legend className={c.label ? undefined : classes.hidden}>{c.label ? c.label : c.id}</legend>
      {listOf(c.option).map(o => (
        <label key={o.id} className={classes.check}>
          <input
            type="checkbox"
            checked={ids.includes(o.id)}
            disabled={Boolean(o.disabled)}
            onChange={e => onChange({ [c.id]: e.target.checked ? [...ids, o.id] : ids.filter(x => x !== o.id) })}
          />
          <span>{o.text}</span>
        </label>
      ))}
      <SaveMark state={c.save_state} />
    </fieldset>
  );
}

function DrawnList({ component: c, busy, pressed, onSubmit }: Props<List>) {
  return (
    <ul className={classes.list}>
      {listOf(c.items).map((item, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a wrong card may have an id twice
        <li key={i}>
          <Item
            item={item}
            disabled={Boolean(c.disabled || item.disabled)}
            busy={busy}
            pressed={pressed === item.id}
            onSubmit={() => onSubmit(item.id)}
          />
        </li>
      ))}
    </ul>
  );
}

function Item(props: { item: ListItem; disabled: boolean; busy: boolean; pressed: boolean; onSubmit: () => void }) {
  const { item, disabled, busy, pressed, onSubmit } = props;
  const image = openable(item.image);
  const body = (
    <>
      {image ? (
        <Picture
          src={image}
          alt=""
          width={item.image_width ?? 32}
          height={item.image_height ?? 32}
          rounded={Boolean(item.rounded_image)}
        />
      ) : null}
      <span className={classes.words}>
        <span className={classes.title}>{item.title}</span>
        {item.subtitle ? <span className={classes.subtitle}>{item.subtitle}</span> : null}
        {item.tertiary_text ? <span className={classes.tertiary}>{item.tertiary_text}</span> : null}
      </span>
    </>
  );
  if (!item.action) {
    return (
      <div className={classes.item} data-disabled={disabled || undefined}>
        {body}
      </div>
    );
  }
  return (
    <Press
      action={item.action}
      disabled={disabled || busy}
      busy={pressed}
      className={classes.item}
      style="action"
      onSubmit={onSubmit}
    >
      {body}
    </Press>
  );
}

function DrawnTable({ table }: { table: DataTable }) {
  return (
    <dl className={classes.table}>
      {listOf(table.items).map((row, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row has no other identity
        <div key={i}>
          <dt title={row.field}>{row.field}</dt>
          <dd title={row.value}>{row.value}</dd>
        </div>
      ))}
    </dl>
  );
}

function DrawnImage({ image: c }: { image: Image }) {
  const picture = (
    <Picture src={openable(c.url) ?? ''} alt="" width={c.width} height={c.height} rounded={Boolean(c.rounded)} />
  );
  const href = c.action?.type === 'url' ? openable(c.action.url) : undefined;
  return (
    <div className={classes.image} data-align={c.align ?? 'left'} data-bottom={c.bottom_margin}>
      {href ? (
        <a href={href} target="_blank" rel="noopener noreferrer" aria-label={`Open ${href}`}>
          {picture}
        </a>
      ) : (
        picture
      )}
    </div>
  );
}

/** An image in its stated size; a grey box of that size when it cannot be loaded. */
function Picture(props: { src: string; alt: string; width: number; height: number; rounded: boolean }) {
  const [failed, setFailed] = useState(false);
  const { src, alt, width, height, rounded } = props;
  return failed || src === '' ? (
    <span className={classes.missing} style={{ width, height }} title={src} data-rounded={rounded || undefined} />
  ) : (
    <img
      src={src}
      alt={alt}
      width={width}
      height={height}
      data-rounded={rounded || undefined}
      referrerPolicy="no-referrer"
      onError={() => setFailed(true)}
    />
  );
}
