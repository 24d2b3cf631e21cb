import { definePlugin, Type, type Plugin } from '@jocker/core';
import { createDebSource } from './deb-source.ts';

const variants = ['extract', 'custom', 'essential', 'apt', 'required', 'minbase', 'buildd', 'standard'] as const;

const deb: Plugin<{ variant: (typeof variants)[number]; aptDirectory: string }> = definePlugin({
  name: 'deb',
  options: Type.Object({
    variant: Type.Union(
      variants.map((name) => Type.Literal(name)),
      { default: 'minbase', description: "mmdebstrap's variant: how much of Debian there is besides the packages that are asked for" },
    ),
    aptDirectory: Type.String({ default: '/etc/apt', description: 'where the sources.list of the machine lies' }),
  }),
  setup(jocker, { variant, aptDirectory }) {
    const cacheDirectory = `${jocker.directories.pluginData}/roots`;
    jocker.provide('imageSource', () => createDebSource({ variant, aptDirectory, cacheDirectory }));
  },
});
export default deb;
