import { hostname as hostHostname } from 'node:os';
import { JockerError, type SpecMutator } from '@jocker/core';

/** The name in the UTS namespace: the request's, the host's with the host's network, or the id's first twelve digits. */
export const hostname: SpecMutator = {
  name: 'hostname',
  phase: 'early',
  mutate(draft, { request, containerId }) {
    if (request.utsMode === 'host') {
      if (request.hostname !== undefined || request.domainname !== undefined) {
        throw new JockerError('invalid-argument', "a hostname or domainname cannot be set in the host's UTS namespace");
      }
      return;
    }
    draft.hostname = checkedName('hostname', request.hostname) ?? (request.network === 'host' ? hostHostname() : containerId.slice(0, 12));
    const domainname = checkedName('domainname', request.domainname);
    if (domainname !== undefined) draft.domainname = domainname;
  },
};

function checkedName(what: string, name: string | undefined): string | undefined {
  if (name === undefined || name === '') return undefined;
  if (name.length > 64 || !/^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(name)) {
    throw new JockerError('invalid-argument', `${what} "${name}" is not a name of at most 64 letters, digits, dots and dashes`);
  }
  return name;
}
