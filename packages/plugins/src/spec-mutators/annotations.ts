import { JockerError, type SpecMutator } from '@jocker/core';

/** Keys by which runtimes and the engine itself are steered. */
const reserved = ['run.oci.', 'org.criu.', 'org.systemd.', 'module.wasm.', 'io.jocker.', 'io.kubernetes.', 'io.podman.'];

/**
 * The request's annotations. An image's labels never become annotations: what an image says must not steer a runtime
 * (CVE-2026-53488, CVE-2024-3154).
 */
export const annotations: SpecMutator = {
  name: 'annotations',
  phase: 'early',
  mutate(draft, { request }) {
    const entries = Object.entries(request.annotations ?? {});
    if (entries.length === 0) return;
    for (const [key] of entries) {
      if (key === '') throw new JockerError('invalid-argument', 'an annotation has no key');
      if (reserved.some((prefix) => key.startsWith(prefix))) {
        throw new JockerError('invalid-argument', `annotation ${JSON.stringify(key)} is reserved for the engine and its runtimes`);
      }
    }
    draft.annotations = { ...draft.annotations, ...Object.fromEntries(entries) };
  },
};
