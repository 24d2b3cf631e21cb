import type { SpecMutator } from '@jocker/core';

/** A terminal of the container's own, and its size before the first client tells one. */
export const terminal: SpecMutator = {
  name: 'terminal',
  phase: 'early',
  mutate(draft, { request }) {
    if (request.tty !== true) return;
    draft.process.terminal = true;
    const size = request.consoleSize;
    if (size !== undefined && size.rows > 0 && size.columns > 0) draft.process.consoleSize = { height: size.rows, width: size.columns };
  },
};
