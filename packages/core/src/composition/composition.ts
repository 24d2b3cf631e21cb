import 'reflect-metadata';
import { container as globalContainer, instanceCachingFactory, type DependencyContainer } from 'tsyringe';

declare const held: unique symbol;

/** A symbol that remembers its type; plain tsyringe tokens forget it. */
export type Token<T> = symbol & { readonly [held]?: T };

export function token<T>(name: string): Token<T> {
  return Symbol(`jocker:${name}`) as Token<T>;
}

/** A scope of things that are made at first use, once, by whoever asks first. */
export class Composition {
  readonly #container: DependencyContainer;

  constructor(parent: DependencyContainer = globalContainer) {
    this.#container = parent.createChildContainer();
  }

  /** Lazy and built once, always against this scope: a cached factory must not keep the dependencies of a child. */
  define<T>(key: Token<T>, create: (scope: Composition) => T): void {
    this.#container.register(key, { useFactory: instanceCachingFactory(() => create(this)) });
  }

  /** The one thing; of several the last that was defined. */
  get<T>(key: Token<T>): T {
    return this.#container.resolve<T>(key);
  }

  child(): Composition {
    return new Composition(this.#container);
  }
}
