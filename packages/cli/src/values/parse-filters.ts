import { JockerError } from '@jocker/protocol';

/** By key: whether a view has the value that was asked for. */
export type Filters<T> = Readonly<Record<string, (view: T, value: string) => boolean>>;

/** `KEY=VALUE` each: the same key again widens (but for labels), another key narrows, as in docker. */
export function parseFilters<T>(filters: Filters<T>, texts: readonly string[]): (view: T) => boolean {
  const wanted = new Map<string, string[]>();
  for (const text of texts) {
    const equals = text.indexOf('=');
    const key = text.slice(0, Math.max(equals, 0));
    if (!Object.hasOwn(filters, key)) {
      throw new JockerError(
        'invalid-argument',
        `the filter ${text} is not of the form KEY=VALUE with one of ${Object.keys(filters).join(', ')}`,
      );
    }
    wanted.set(key, [...(wanted.get(key) ?? []), text.slice(equals + 1)]);
  }
  return (view) =>
    [...wanted].every(([key, values]) => {
      const matches = (value: string): boolean => filters[key]?.(view, value) === true;
      return key === 'label' ? values.every(matches) : values.some(matches);
    });
}

/** `KEY` or `KEY=VALUE`. */
export function hasLabel({ labels }: { readonly labels: Readonly<Record<string, string>> }, value: string): boolean {
  const equals = value.indexOf('=');
  return equals < 0 ? Object.hasOwn(labels, value) : labels[value.slice(0, equals)] === value.slice(equals + 1);
}
