/**
 * The released system's Perl module, called by the released client and by ours: the same script and the same server.
 *
 * The released client knows no PREFORK_INTERP_RUN_DIR. So that it meets nobody else's sockets, all of its calls are made in a mount namespace whose password file makes
 * the place the user's home; where there can be none it is absent.
 */
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { CLIENT, RELEASED_CLIENT } from '../support/paths.js';
import type { Absent, Case } from './case.js';
import { hasReleasedClient, hasReleasedModule, succeeds } from './peers.js';
import type { Place } from './place.js';
import { CALLS, warm } from './servers.js';

const AS_ROOT = process.getuid?.() === 0;
const UNSHARE = ['unshare', '-m', ...(AS_ROOT ? [] : ['-r'])] as [string, ...string[]];
/** Both clients' name for the server, whatever else goes into their identities. */
const IDENT = 'bench';

/** Both clients' cases, or none. */
export async function released(place: Place, absent: Absent): Promise<Case[]> {
  const there = [hasReleasedClient(absent), hasReleasedModule(absent)].every(Boolean);
  if (!there) return [];
  if (!succeeds(UNSHARE[0], ...UNSHARE.slice(1), 'mount', '-t', 'tmpfs', 'none', '/mnt')) {
    absent.note('the released system (no mount namespace can be made, in which it would keep to itself)');
    return [];
  }
  mkdirSync(place.path('.prefork-interp'), { mode: 0o700 });
  const node = (hostname().split('.')[0] as string).slice(0, 32);
  const env = { PREFORK_INTERP_RUN_DIR: place.makeRunDirectory(join('.prefork-interp', node)) };
  const inside = prefix(place);
  // Not exit(): the module signals the group when it sees the end of a pipe, and may be faster than the end of the process.
  const script = place.write(
    'trivial.pl',
    'use strict;\nuse POSIX ();\nuse Proc::Prefork::Interp;\nprefork_initialisation_complete(log_facility => "");\nPOSIX::_exit(0);\n',
  );
  const by = (client: string) => [client, '-U', '-g', IDENT, '/usr/bin/perl', script];
  const both = { env, inside, calls: CALLS.short };
  return [
    warm(place, { ...both, name: 'perl-released', title: 'warm Perl, released client', command: by(RELEASED_CLIENT) }),
    warm(place, { ...both, name: 'perl-ours', title: 'warm Perl, our client', command: by(CLIENT) }),
  ];
}

function prefix(place: Place): string[] {
  const passwd = place.write('passwd', `root:x:0:0::${place.directory}:/bin/sh\n`);
  const line = `mount --bind ${passwd} /etc/passwd && mount -t tmpfs none /var/run/user && exec "$@"`;
  return [...UNSHARE, 'sh', '-c', line, 'sh'];
}
