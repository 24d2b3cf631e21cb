/** Thrown by a guarded mutator whose failure is to be skipped. The draft that it had is to be thrown away. */
export class SkippedCall extends Error {
  override readonly name = 'SkippedCall';
}
