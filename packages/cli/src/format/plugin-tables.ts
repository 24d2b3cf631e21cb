import type { PluginUsage, PluginView } from '@jocker/protocol';
import type { CliContext } from '../command.ts';
import { printList } from './output-format.ts';

export function printPlugins(context: CliContext, items: readonly PluginView[], format: string | undefined): void {
  printList(context, {
    format,
    items,
    titles: ['NAME', 'VERSION', 'BUILT IN', 'STATE', 'PROVIDES'],
    row: ({ name, version, builtIn, state, error, provides }) => [
      name,
      version,
      builtIn ? 'yes' : 'no',
      state,
      error ?? provides.map((provided) => `${provided.point}:${provided.name}`).join(', '),
    ],
  });
}

export function printPluginUsage(context: CliContext, items: readonly PluginUsage[], format: string | undefined): void {
  printList(context, {
    format,
    items,
    titles: ['PLUGIN', 'STAGE', 'CALLS', 'ERRORS', 'TIME-OUTS', 'REFUSED', 'TOTAL MS', 'AVERAGE MS', 'SLOWEST MS', 'BREAKER'],
    row: ({ plugin, point, name, method, calls, errors, timeouts, refused, totalMs, slowestMs, breaker }) => [
      plugin,
      `${point}:${name}.${method}`,
      String(calls),
      String(errors),
      String(timeouts),
      String(refused),
      totalMs.toFixed(2),
      (calls === 0 ? 0 : totalMs / calls).toFixed(2),
      slowestMs.toFixed(2),
      breaker,
    ],
  });
}
