import { resolveUser, type SpecMutator } from '@jocker/core';

/** Who the process is, by the root file system's own passwd and group, and HOME for it. */
export const user: SpecMutator = {
  name: 'user',
  phase: 'early',
  async mutate(draft, { request, image, rootfs }) {
    const identity = await resolveUser(request.user ?? image.config.user ?? '', request.groupAdd ?? [], rootfs);
    draft.process.user = { uid: identity.uid, gid: identity.gid, additionalGids: [...identity.additionalGids] };
    draft.process.env.push(`HOME=${identity.home}`);
  },
};
