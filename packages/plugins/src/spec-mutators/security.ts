import { JockerError, type SpecMutator } from '@jocker/core';

/** Paths hidden and write-protected, no new privileges, the OOM score, a read-only root. */
export const security: SpecMutator = {
  name: 'security',
  phase: 'early',
  mutate(draft, { request }) {
    if (request.maskedPaths !== undefined) draft.linux.maskedPaths = request.maskedPaths.map((path) => absolute('masked path', path));
    if (request.readonlyPaths !== undefined)
      draft.linux.readonlyPaths = request.readonlyPaths.map((path) => absolute('read-only path', path));
    if (request.noNewPrivileges === true) draft.process.noNewPrivileges = true;
    if (request.readonlyRootfs === true) draft.root.readonly = true;
    if (request.oomScoreAdj !== undefined) {
      if (!Number.isInteger(request.oomScoreAdj) || Math.abs(request.oomScoreAdj) > 1000) {
        throw new JockerError('invalid-argument', `OOM score ${request.oomScoreAdj} is not between -1000 and 1000`);
      }
      draft.process.oomScoreAdj = request.oomScoreAdj;
    }
  },
};

function absolute(what: string, path: string): string {
  if (!path.startsWith('/') || path.includes('\0')) throw new JockerError('invalid-argument', `${what} "${path}" is not absolute`);
  return path;
}
