import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import classes from './Card.module.css';
import { type Canvas, componentsOf, initialValues, type Submission, type Values } from './canvas';
import { Drawn } from './Drawn';
import { firstCardHeight, type Violation, violations } from './rules';

export interface CardProps {
  canvas: Canvas;
  /** Called when a component with a submit action is used. Without it the card is only to look at. */
  onSubmit?: ((submission: Submission) => void) | undefined;
  /** True while the answer to a submission is awaited: nothing can be used. */
  busy?: boolean | undefined;
  /** Lists the rules that the card breaks; for a first card the height that it may have too. */
  preview?: 'first' | 'later' | undefined;
}

/**
 * Draws a canvas as Intercom draws it in the details of an inbox conversation,
 * and collects what a person enters.
 */
export function Card({ canvas, onSubmit, busy = false, preview }: CardProps) {
  const [values, setValues] = useState<Values>(() => initialValues(canvas));
  const [shown, setShown] = useState(canvas);
  const [pressed, setPressed] = useState<string>();
  const box = useRef<HTMLElement>(null);
  const refocus = useRef(false);
  const height = useHeight(box);

  if (shown !== canvas) {
    setShown(canvas);
    setValues(initialValues(canvas));
    setPressed(undefined);
  }

  // The used button is gone with the old card: keep the keyboard where it was.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs for each new canvas
  useEffect(() => {
    if (refocus.current && (document.activeElement === document.body || document.activeElement === null)) {
      box.current?.focus();
    }
    refocus.current = false;
  }, [canvas]);

  const submit = (id: string, change?: Values) => {
    if (busy || !onSubmit) {
      return;
    }
    refocus.current = box.current?.contains(document.activeElement) ?? false;
    setPressed(id);
    onSubmit({ component_id: id, input_values: { ...values, ...change } });
  };

  const drawn = componentsOf(canvas).map((component, i) => (
    <Drawn
      // biome-ignore lint/suspicious/noArrayIndexKey: components have no other identity
      key={i}
      component={component}
      values={values}
      busy={busy}
      pressed={busy ? pressed : undefined}
      onChange={change => setValues({ ...values, ...change })}
      onSubmit={submit}
    />
  ));

  const card = (
    <section className={classes.card} aria-label="Card" aria-busy={busy} ref={box} tabIndex={-1}>
      {drawn}
    </section>
  );
  if (!preview) {
    return card;
  }
  const over = preview === 'first' ? tooTall(height) : [];
  return (
    <div>
      <div
        className={classes.frame}
        data-first={preview === 'first' || undefined}
        data-over={over.length > 0 || undefined}
      >
        {card}
        {preview === 'first' ? (
          <p className={classes.limit}>
            <span>{firstCardHeight} px</span>
          </p>
        ) : null}
      </div>
      <Violations found={[...violations(canvas), ...over]} />
    </div>
  );
}

function tooTall(height: number): Violation[] {
  return height > firstCardHeight
    ? [{ path: 'card', text: `is ${height} px tall; a first card may have at most ${firstCardHeight} px` }]
    : [];
}

/** Lists the rules that a card breaks, or says that there are none. */
export function Violations({ found }: { found: Violation[] }) {
  if (found.length === 0) {
    return <p className={classes.fine}>The card keeps every rule of the Canvas Kit.</p>;
  }
  return (
    <div className={classes.violations} role="alert">
      <strong>{found.length === 1 ? 'One rule is broken' : `${found.length} rules are broken`}</strong>
      <ul>
        {found.map(v => (
          <li key={v.path + v.text}>
            <code>{v.path}</code> {v.text}
          </li>
        ))}
      </ul>
    </div>
  );
}

function useHeight(box: React.RefObject<HTMLElement | null>): number {
  const [height, setHeight] = useState(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) {
      return;
    }
    const measure = () => setHeight(element.offsetHeight);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return height;
}
