import type { NetworkView } from '@jocker/protocol';
import { hasLabel, parseFilters, type Filters } from './parse-filters.ts';

const filters: Filters<NetworkView> = {
  driver: (view, value) => view.driver === value,
  id: (view, value) => view.id.startsWith(value),
  label: hasLabel,
  name: (view, value) => view.name.includes(value),
};

export const parseNetworkFilters = (texts: readonly string[]): ((view: NetworkView) => boolean) => parseFilters(filters, texts);
