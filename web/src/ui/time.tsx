const near = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const far = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** A date from a text (RFC 3339) or from unix seconds; undefined when there is none. */
export function dateOf(value: string | number | null | undefined): Date | undefined {
  if (value === null || value === undefined || value === '' || value === 0) {
    return undefined;
  }
  const date = new Date(typeof value === 'number' ? value * 1000 : value);
  return Number.isNaN(date.getTime()) || date.getTime() <= 0 ? undefined : date;
}

/** A moment: the time alone when it is today, the full date otherwise and on hover. */
export function When({ at }: { at: string | number | null | undefined }) {
  const date = dateOf(at);
  if (!date) {
    return <span>–</span>;
  }
  const today = date.toDateString() === new Date().toDateString();
  return (
    <time dateTime={date.toISOString()} title={far.format(date)}>
      {(today ? near : far).format(date)}
    </time>
  );
}
