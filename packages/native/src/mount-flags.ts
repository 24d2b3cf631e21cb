/** MS_… of mount(2), by the option words of fstab. */
export const mountFlags: Readonly<Record<string, number>> = {
  ro: 1,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  remount: 32,
  noatime: 1024,
  nodiratime: 2048,
  bind: 4096,
  rbind: 4096 | 16384,
  slave: 1 << 19,
  rslave: (1 << 19) | 16384,
  private: 1 << 18,
  rprivate: (1 << 18) | 16384,
  shared: 1 << 20,
  rshared: (1 << 20) | 16384,
};
