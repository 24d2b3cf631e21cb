import { JockerError, type ContainerView } from '@jocker/protocol';
import { familiarReference } from '../format/familiar-reference.ts';

type Matches = (view: ContainerView, value: string) => boolean;

const filters: Readonly<Record<string, Matches>> = {
  ancestor: (view, value) =>
    [view.image, familiarReference(view.image), familiarReference(view.image).replace(/:latest$/, ''), view.imageId].includes(value) ||
    (/^[0-9a-f]{6,}$/.test(value) && view.imageId.includes(`:${value}`)),
  exited: (view, value) => view.status === 'exited' && String(view.exitCode) === value,
  id: (view, value) => view.id.startsWith(value),
  label: (view, value) => {
    const equals = value.indexOf('=');
    return equals < 0 ? Object.hasOwn(view.labels, value) : view.labels[value.slice(0, equals)] === value.slice(equals + 1);
  },
  name: (view, value) => view.name.includes(value.replace(/^\//, '')),
  status: (view, value) => view.status === value,
};

/** `KEY=VALUE` each: the same key again widens (but for labels), another key narrows, as in docker. */
export function parseContainerFilters(texts: readonly string[]): (view: ContainerView) => boolean {
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
      const matches = filters[key] as Matches;
      return key === 'label' ? values.every((value) => matches(view, value)) : values.some((value) => matches(view, value));
    });
}
