import type { ContainerDeps } from '../container/container-deps.ts';
import { locationOf, subjectOf } from '../container/container-subject.ts';
import { buildExecProcess } from '../exec/build-exec-process.ts';
import { createExecSessions, type ExecSessions } from '../exec/exec-sessions.ts';
import { createRootfsReader } from '../spec/rootfs-reader.ts';

/** Exec sessions over the containers of this engine. A session goes with its container. */
export function createEngineExecs(deps: ContainerDeps): ExecSessions {
  return createExecSessions({
    target(reference) {
      const record = deps.store.find(reference);
      return {
        subject: subjectOf(record),
        status: record.status,
        pid: record.pid,
        location: locationOf(deps, record),
        runtime: deps.drivers.runtimes.byName(record.runtime).value,
        process: deps.store.spec(record.id).spec.process,
      };
    },
    buildProcess: async ({ process, pid }, request) =>
      buildExecProcess({
        base: process,
        request,
        rootfs: createRootfsReader([`/proc/${pid}/root`]),
        hostCapabilities: deps.host.capabilities,
      }),
    publisher: deps.publisher,
    log: deps.log,
  });
}
