import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { run } from '../run.mjs';

/** Where the runtime image has its Node. */
const NODE = '/nodejs/bin/node';
const [UID, GID] = [65532, 65532];

/** Becomes the process inside, under the same id, so that signals reach it. What is mounted is gone with it. */
const ENTER = `
root=$1 workdir=$2
shift 2
/bin/mount --bind "$root" "$root"
/bin/mount --rbind /proc "$root/proc"
/bin/mount --rbind /dev "$root/dev"
/bin/mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
/bin/mount -o remount,bind,ro "$root"
exec /usr/bin/unshare --root="$root" --wd="$workdir" --setgid=${GID} --setuid=${UID} "$@"
`;

/**
 * Prepares an image's folder for running commands in it as a container would: they see no file but the image's and Node's own, may write to `/tmp`
 * alone, and belong to nobody. Where this machine does not let us mount, they run in the folder as it lies, from which every right to
 * write was taken.
 *
 * @param {string} root the image's root folder; it is changed.
 * @param {{ workdir: string, env: Record<string, string> }} config the image's configuration.
 * @returns {Promise<{ how: string, command(args: string[], env?: Record<string, string>): object }>} `how`: which of both, in words. `command`: what
 * to start for `args` (the program by its name in the image), with `command`, `args`, `env`, and where they matter `cwd`, `uid` and `gid`.
 */
export async function seal(root, { workdir, env }) {
  await addNode(root);
  const environment = (more = {}) => ({ ...env, ...more });
  if (await mayMount()) {
    await addSystem(root);
    return {
      how: 'in a root of its own, mounted read-only, without a shell',
      command: (args, more) => ({
        command: '/usr/bin/unshare',
        args: ['--mount', '--propagation=private', '/bin/sh', '-ec', ENTER, 'enter', root, workdir, ...args],
        env: environment(more),
      }),
    };
  }
  await run('chmod', ['-R', 'a-w', path.join(root, workdir)]);
  const asNobody = process.getuid() === 0 ? { uid: UID, gid: GID } : {};
  return {
    how: 'in a folder without rights to write (nothing can be mounted here)',
    command: ([program, ...args], more) => ({
      command: program === 'node' ? path.join(root, NODE) : program,
      args,
      env: environment(more),
      cwd: path.join(root, workdir),
      ...asNobody,
    }),
  };
}

/** Whether this process may make mounts, and give up its rights afterwards. */
async function mayMount() {
  if (process.platform !== 'linux' || process.getuid() !== 0) return false;
  if (!existsSync('/usr/bin/unshare')) return false;
  return promisify(execFile)('/usr/bin/unshare', ['--mount', '--propagation=private', '/bin/true']).then(
    () => true,
    () => false,
  );
}

/** The runtime image brings a Node; ours stands in for it. */
async function addNode(root) {
  copyFile(process.execPath, path.join(root, NODE));
  chmodSync(path.join(root, NODE), 0o755);
}

/** The file itself, where the name is a link's. */
function copyFile(from, to) {
  mkdirSync(path.dirname(to), { recursive: true });
  copyFileSync(from, to);
}

/** What else a runtime image has below its root: the libraries that Node is linked to, and the names of its user and its own host. */
async function addSystem(root) {
  const libraries = (await run('ldd', [process.execPath])).matchAll(/(\/\S+) \(0x/g);
  for (const [, library] of libraries) copyFile(library, path.join(root, library));
  const files = {
    'etc/passwd': `root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:${UID}:${GID}:nonroot:/home/nonroot:/sbin/nologin\n`,
    'etc/group': `root:x:0:\nnonroot:x:${GID}:\n`,
    'etc/hosts': '127.0.0.1 localhost\n',
    'etc/nsswitch.conf': 'hosts: files dns\n',
  };
  for (const folder of ['proc', 'dev', 'tmp', 'etc']) mkdirSync(path.join(root, folder), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(root, name), text);
}
