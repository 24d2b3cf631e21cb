export { builtInMutators, specMutators } from './spec-mutators/spec-mutators.ts';
