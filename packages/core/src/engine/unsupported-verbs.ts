import { JockerError } from '../errors/jocker-error.ts';
import type { ContainerApi, ImageApi, SystemApi } from './engine.ts';

const refuse = (verb: string) => (): Promise<never> => Promise.reject(new JockerError('unsupported', `this engine has no ${verb}`));

export const unsupportedOfImages: Pick<ImageApi, 'push' | 'save' | 'load' | 'import'> = {
  push: refuse('push'),
  save: refuse('save'),
  load: refuse('load'),
  import: refuse('import'),
};

export const unsupportedOfContainers: Pick<ContainerApi, 'commit'> = { commit: refuse('commit') };

export const unsupportedOfSystem: Pick<SystemApi, 'authenticate'> = { authenticate: refuse('authenticate') };
