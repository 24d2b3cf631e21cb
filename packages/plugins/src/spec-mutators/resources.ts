import { defaultPidsLimit, toOciResources, type SpecMutator } from '@jocker/core';

/** Limits by cgroup, and the default limit of processes where the machine can count them. */
export const resources: SpecMutator = {
  name: 'resources',
  phase: 'early',
  async mutate(draft, { request, host }) {
    const limits = request.resources ?? {};
    const converted = await toOciResources(limits, host);
    if (limits.pidsLimit === undefined && host.cgroup.controllers.includes('pids')) converted.pids = { limit: defaultPidsLimit };
    draft.linux.resources = { ...draft.linux.resources, ...converted };
  },
};
