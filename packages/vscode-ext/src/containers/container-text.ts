import type { ContainerView, MountView } from '@jocker/protocol';

export const shortId = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12);

/** The tokens that `when` clauses look for: `container;running`. */
export function containerContext(container: ContainerView, hasFailed: boolean): string {
  const life =
    container.status === 'running' || container.status === 'restarting' ? 'running' : container.status === 'paused' ? 'paused' : 'stopped';
  return ['container', life, container.status, ...(hasFailed ? ['failed'] : [])].join(';');
}

export function hasFailed(container: ContainerView): boolean {
  return container.error !== '' || (container.status === 'exited' && container.exitCode !== 0 && container.exitCode !== null);
}

/** Codicon and theme colour by state; the word itself is in the description, so that colour never says it alone. */
export function containerIcon(container: ContainerView): { readonly icon: string; readonly color: string } {
  if (hasFailed(container)) return { icon: 'error', color: 'testing.iconFailed' };
  switch (container.status) {
    case 'running':
      return { icon: 'vm-running', color: 'testing.iconPassed' };
    case 'paused':
      return { icon: 'debug-pause', color: 'charts.yellow' };
    case 'restarting':
      return { icon: 'sync', color: 'charts.yellow' };
    case 'created':
      return { icon: 'vm-outline', color: 'disabledForeground' };
    case 'exited':
    case 'removing':
    case 'dead':
      return { icon: 'vm', color: 'disabledForeground' };
    default: {
      const missed: never = container.status;
      return missed;
    }
  }
}

/** No ticking ages here: a row changes when the container does. */
export function containerDescription(container: ContainerView): string {
  const state = container.status === 'exited' ? `exited (${container.exitCode ?? '?'})` : container.status;
  return `${container.image} · ${container.oomKilled ? `${state}, out of memory` : state}`;
}

export function containerTooltip(container: ContainerView): string {
  const row = (key: string, value: string): string => `| ${key} | ${value.replaceAll('|', '\\|')} |`;
  return [
    `**${container.name}**`,
    '',
    '| | |',
    '|---|---|',
    row('id', `\`${shortId(container.id)}\``),
    row('image', `\`${container.image}\``),
    row('command', `\`${container.command.join(' ')}\``),
    row('state', container.status),
    ...(container.exitCode === null ? [] : [row('exit code', String(container.exitCode))]),
    ...(container.error === '' ? [] : [row('error', container.error)]),
    row('created', container.createdAt),
    ...(container.startedAt === null ? [] : [row('started', container.startedAt)]),
    ...(container.finishedAt === null ? [] : [row('finished', container.finishedAt)]),
    row('runtime', container.runtime),
    row('network', container.network),
  ].join('\n');
}

export function mountText(mount: MountView): { readonly label: string; readonly description: string } {
  return { label: mount.target, description: `${mount.type === 'tmpfs' ? 'tmpfs' : mount.source}${mount.readonly ? ' · read-only' : ''}` };
}
