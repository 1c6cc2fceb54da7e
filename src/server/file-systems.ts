import { type Stats, statfsSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * File systems on which whatever changes a file passes through this kernel's own file layer, and so is an event of inotify(7). Left out are
 * those that are changed elsewhere, or underneath (a network's, FUSE, 9p, ZFS with its rollback), those of the kernel (proc, sysfs), and
 * whatever is not known. Numbers: statfs(2), linux/magic.h.
 */
const TELLING: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0xf2f52010, // F2FS
  0x01021994, // tmpfs
  0x858458f6, // ramfs
  0x73717368, // SquashFS
  0xe0f5e1e2, // EROFS
]);

/** A file that is changed for the first time becomes another one there, in another layer. */
const OVERLAY = 0x794c7630;

/** What is known of the file systems that things are on, by device. */
export class FileSystems {
  readonly #types = new Map<number, number>();

  /**
   * Whether changes of what is at `path` (`stats` by lstat(2)) are events for sure. On overlayfs the inode that is watched stays the one that
   * is found under its name, but for a file of several names, which part when it is changed (ovl_hash_bylower() in the kernel's
   * fs/overlayfs/inode.c, since Linux 4.16).
   */
  tell(path: string, stats: Stats): boolean {
    const type = this.#type(path, stats);
    return TELLING.has(type) || (type === OVERLAY && (stats.isDirectory() || stats.nlink === 1));
  }

  #type(path: string, stats: Stats): number {
    let type = this.#types.get(stats.dev);
    if (type === undefined) {
      try {
        // It would follow a link. The number is a long, and signed where that has 32 bits.
        type = statfsSync(stats.isSymbolicLink() ? dirname(path) : path).type >>> 0;
      } catch {
        // Gone again, or out of reach: nothing is known.
        return 0;
      }
      this.#types.set(stats.dev, type);
    }
    return type;
  }
}
