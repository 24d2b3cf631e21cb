import type { ContainerView } from '@jocker/protocol';
import { familiarReference } from '../format/familiar-reference.ts';
import { hasLabel, parseFilters, type Filters } from './parse-filters.ts';

const filters: Filters<ContainerView> = {
  ancestor: (view, value) =>
    [view.image, familiarReference(view.image), familiarReference(view.image).replace(/:latest$/, ''), view.imageId].includes(value) ||
    (/^[0-9a-f]{6,}$/.test(value) && view.imageId.includes(`:${value}`)),
  exited: (view, value) => view.status === 'exited' && String(view.exitCode) === value,
  id: (view, value) => view.id.startsWith(value),
  label: hasLabel,
  name: (view, value) => view.name.includes(value.replace(/^\//, '')),
  network: (view, value) =>
    view.network === value || view.networks.some(({ network, networkId }) => network === value || networkId.startsWith(value)),
  status: (view, value) => view.status === value,
};

export const parseContainerFilters = (texts: readonly string[]): ((view: ContainerView) => boolean) => parseFilters(filters, texts);
