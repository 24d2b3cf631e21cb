import { JockerError, parseReference, type ContainerView, type Digest } from '@jocker/core';
import { matchesLabel, type Filters } from './filters.ts';

export const containerFilterNames: readonly string[] = [
  'ancestor',
  'before',
  'exited',
  'expose',
  'health',
  'id',
  'is-task',
  'isolation',
  'label',
  'name',
  'network',
  'publish',
  'since',
  'status',
  'volume',
];

export interface ListOptions {
  readonly all: boolean;
  readonly limit: number | undefined;
  readonly before: string | undefined;
  readonly since: string | undefined;
  readonly filters: Filters;
  /** Ids of the images that an `ancestor` filter names. */
  readonly ancestors: readonly Digest[];
}

/** Which containers a list shows, newest first. Throws `not-found` for a before or since that is not there. */
export function selectContainers(containers: readonly ContainerView[], options: ListOptions): readonly ContainerView[] {
  const { filters } = options;
  const newest = containers.toSorted((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt));
  const find = (text: string): ContainerView => {
    const found =
      newest.find(({ id, name }) => id === text || name === text.replace(/^\//, '')) ?? newest.find(({ id }) => id.startsWith(text));
    if (found === undefined) throw new JockerError('not-found', `No such container: ${text}`, { details: { reason: 'no-such-container' } });
    return found;
  };
  const before = options.before ?? filters.get('before')[0];
  const since = options.since ?? filters.get('since')[0];
  const beforeIndex = before === undefined ? -1 : newest.indexOf(find(before));
  const sinceIndex = since === undefined ? newest.length : newest.indexOf(find(since));
  const everything = options.all || options.limit !== undefined || before !== undefined || since !== undefined || filters.has('status');
  assertStatuses(filters);
  assertNumbers(filters);
  const selected = newest.filter(
    (container, index) =>
      index > beforeIndex &&
      index < sinceIndex &&
      (everything || container.status === 'running' || container.status === 'paused' || container.status === 'restarting') &&
      suits(container, filters, options.ancestors),
  );
  return options.limit === undefined || options.limit <= 0 ? selected : selected.slice(0, options.limit);
}

function suits(container: ContainerView, filters: Filters, ancestors: readonly Digest[]): boolean {
  return (
    filters.any('id', (value) => container.id.startsWith(value)) &&
    filters.any('name', (value) => matchesName(container.name, value)) &&
    filters.all('label', (value) => matchesLabel(container.labels, value)) &&
    filters.any('status', (value) => container.status === value) &&
    filters.any('exited', (value) => container.status === 'exited' && container.exitCode === Number(value)) &&
    (!filters.has('ancestor') ||
      ancestors.includes(container.imageId) ||
      filters.get('ancestor').some((value) => isNamed(container.image, value))) &&
    filters.any('network', (value) => container.network === value || isOnNetwork(container, value)) &&
    filters.any('volume', (value) =>
      container.mounts.some(({ volume, source, target }) => volume === value || source === value || target === value),
    ) &&
    filters.any('health', (value) => (container.health ?? 'none') === value) &&
    filters.flag('is-task') !== true &&
    filters.any('publish', (value) => portsOf(container).some((port) => matchesPort(port, value))) &&
    filters.any('expose', (value) => container.exposedPorts.some((port) => matchesPort(port, value)))
  );
}

const isOnNetwork = ({ networks }: ContainerView, wanted: string): boolean =>
  networks.some(({ network, networkId }) => network === wanted || networkId === wanted);

const portsOf = ({ endpoints }: ContainerView): readonly string[] =>
  endpoints.flatMap(({ ports }) => ports.map(({ hostPort, protocol }) => `${hostPort}/${protocol}`));

/** `80`, `80/udp`, `8000-8080/tcp`. */
function matchesPort(port: string, wanted: string): boolean {
  const [number = '', protocol = 'tcp'] = port.split('/');
  const [, from = '', to = from, wantedProtocol = 'tcp'] = /^(\d+)(?:-(\d+))?(?:\/(\w+))?$/.exec(wanted) ?? [];
  return from !== '' && protocol === wantedProtocol && Number(number) >= Number(from) && Number(number) <= Number(to);
}

/** A regular expression on the name, as Docker has it; one that is none is compared as it is. */
function matchesName(name: string, value: string): boolean {
  // Its own names are short, and a pattern that a client sends must not be able to keep the daemon busy.
  if (value.length > 200 || /[+*}]\)?[+*{]/.test(value)) return name.includes(value);
  try {
    const pattern = new RegExp(value);
    return pattern.test(name) || pattern.test(`/${name}`);
  } catch {
    return name.includes(value);
  }
}

function isNamed(image: string, value: string): boolean {
  try {
    return image === value || parseReference(value).text === image;
  } catch {
    return false;
  }
}

const statuses = ['created', 'restarting', 'running', 'removing', 'paused', 'exited', 'dead'];

function assertStatuses(filters: Filters): void {
  const wrong = filters.get('status').find((value) => !statuses.includes(value));
  if (wrong !== undefined) throw new JockerError('invalid-argument', `invalid filter 'status=${wrong}'`);
}

function assertNumbers(filters: Filters): void {
  const wrong = filters.get('exited').find((value) => !/^-?\d{1,5}$/.test(value));
  if (wrong !== undefined) throw new JockerError('invalid-argument', `invalid filter 'exited=${wrong}'`);
}
