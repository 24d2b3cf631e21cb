export type * from './views.ts';
export * from './jocker-error.ts';
export * from './frames.ts';
export * from './log-frame.ts';
export * from './handshake.ts';
export * from './requests.ts';
