export type * from './native-calls.ts';
export { native } from './load-native.ts';
export { mountFlags } from './mount-flags.ts';
