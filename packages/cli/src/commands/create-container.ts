import type { CreateResult } from '@jocker/protocol';
import type { CliContext } from '../command.ts';
import { interruptSignal } from '../terminal/interrupt-signal.ts';
import { showPullProgress } from '../terminal/pull-progress.ts';
import { createRequestOf, type CreateFlags } from '../values/create-options.ts';
import type { CreateRequest } from '@jocker/protocol';

/** Creates a container and shows the pull that it may need; ctrl-c cancels both. */
export async function createContainer(
  context: CliContext,
  image: string,
  command: readonly string[],
  flags: CreateFlags,
  more: Partial<CreateRequest> = {},
): Promise<CreateResult> {
  const request = { ...(await createRequestOf(image, command, flags, context.env)), ...more };
  using interrupted = interruptSignal();
  using progress = await showPullProgress(process.stderr);
  const created = await context.client.containers.create(request, {
    signal: interrupted.signal,
    onProgress: (layers) => progress.update(layers),
  });
  for (const warning of created.warnings) context.warn(`jocker: warning: ${warning}`);
  return created;
}
