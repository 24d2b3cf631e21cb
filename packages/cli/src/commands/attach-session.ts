import type { ContainerView } from '@jocker/protocol';
import type { CliContext } from '../command.ts';
import { runSession } from '../terminal/run-session.ts';

export interface AttachSettings {
  readonly stdin: boolean;
  readonly detachKeys: string;
  readonly sigProxy: boolean;
  /** Done once the streams are there, so that no byte is missed. */
  readonly begin?: () => Promise<void>;
}

/** Attaches this terminal to a container's main process; resolves with its exit code, or 0 when the user left it. */
export async function attachTo(
  { client }: CliContext,
  view: ContainerView,
  { stdin, detachKeys, sigProxy, begin }: AttachSettings,
): Promise<number> {
  const interactive = stdin && view.openStdin;
  await using session = await client.containers.attach(view.id, { stdin: interactive });
  await begin?.();
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    if (sigProxy) await client.containers.kill(view.id, signal);
    else process.exit(130);
  };
  const end = await runSession(session, { tty: view.tty, interactive, detachKeys, kill });
  return end === 'detached' ? 0 : end.exitCode;
}
