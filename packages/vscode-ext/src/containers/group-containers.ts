import type { ContainerView } from '@jocker/protocol';

export type Grouping = 'workspace' | 'compose' | 'image' | 'label' | 'state' | 'none';
export type Sorting = 'name' | 'created' | 'state';

export interface ContainerTreeOptions {
  readonly grouping: Grouping;
  /** The label whose value makes the group, with `grouping: 'label'`. */
  readonly label: string;
  readonly sorting: Sorting;
  /** Words that must all occur in name, image, id or labels; case does not matter. */
  readonly filter: string;
  /** Folders of the workspace; a container belongs to it when its origin is one of them or below. */
  readonly workspaceFolders: readonly string[];
}

export interface ContainerGroup {
  /** Stable: kind and value, never a count or a state that changes with the members. */
  readonly id: string;
  /** What the group is, for a label in the user's language. */
  readonly kind: 'workspace' | 'elsewhere' | 'compose' | 'image' | 'label' | 'state' | 'all' | 'other';
  readonly value: string;
  readonly containers: readonly ContainerView[];
}

const composeProject = 'com.docker.compose.project';
const stateOrder: readonly ContainerView['status'][] = ['running', 'restarting', 'paused', 'created', 'exited', 'removing', 'dead'];

/** The groups in the order in which they are shown, each with its members in order; groups without members are left out. */
export function groupContainers(containers: Iterable<ContainerView>, options: ContainerTreeOptions): readonly ContainerGroup[] {
  const shown = [...containers].filter((container) => matchesFilter(container, options.filter)).toSorted(compareBy(options.sorting));
  const groups = new Map<string, ContainerGroup & { containers: ContainerView[] }>();
  for (const container of shown) {
    const { kind, value } = groupOf(container, options);
    const id = `${kind}:${value}`;
    const group = groups.get(id) ?? { id, kind, value, containers: [] };
    group.containers.push(container);
    groups.set(id, group);
  }
  return [...groups.values()].toSorted(compareGroups);
}

function matchesFilter(container: ContainerView, filter: string): boolean {
  const text = [container.name, container.image, container.id, ...Object.entries(container.labels).map(([key, value]) => `${key}=${value}`)]
    .join('\n')
    .toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function groupOf(container: ContainerView, options: ContainerTreeOptions): Pick<ContainerGroup, 'kind' | 'value'> {
  switch (options.grouping) {
    case 'workspace':
      return belongsToWorkspace(container, options.workspaceFolders) ? { kind: 'workspace', value: '' } : { kind: 'elsewhere', value: '' };
    case 'compose':
      return labelled(container, composeProject, 'compose');
    case 'label':
      return labelled(container, options.label, 'label');
    case 'image':
      return { kind: 'image', value: container.image };
    case 'state':
      return { kind: 'state', value: container.status };
    case 'none':
      return { kind: 'all', value: '' };
    default: {
      const missed: never = options.grouping;
      return missed;
    }
  }
}

function labelled(container: ContainerView, label: string, kind: 'compose' | 'label'): Pick<ContainerGroup, 'kind' | 'value'> {
  const value = container.labels[label];
  return value === undefined ? { kind: 'other', value: '' } : { kind, value };
}

function belongsToWorkspace(container: ContainerView, folders: readonly string[]): boolean {
  const origin = container.origin;
  return origin !== null && folders.some((folder) => origin === folder || origin.startsWith(folder.endsWith('/') ? folder : `${folder}/`));
}

function compareBy(sorting: Sorting): (a: ContainerView, b: ContainerView) => number {
  const byName = (a: ContainerView, b: ContainerView): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  switch (sorting) {
    case 'name':
      return byName;
    case 'created':
      return (a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt) || byName(a, b);
    case 'state':
      return (a, b) => stateOrder.indexOf(a.status) - stateOrder.indexOf(b.status) || byName(a, b);
    default: {
      const missed: never = sorting;
      return missed;
    }
  }
}

function compareGroups(a: ContainerGroup, b: ContainerGroup): number {
  const rank = (group: ContainerGroup): number =>
    group.kind === 'workspace' ? 0 : group.kind === 'other' || group.kind === 'elsewhere' ? 2 : 1;
  if (a.kind === 'state' && b.kind === 'state') return stateOrder.indexOf(a.value as never) - stateOrder.indexOf(b.value as never);
  return rank(a) - rank(b) || (a.value < b.value ? -1 : 1);
}
