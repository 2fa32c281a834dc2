// Makes the replica set REPLICA_SET have exactly the members HOSTS. Runs as often as it likes: what is right is left alone.
// One member is added or removed at a time, which is all that MongoDB allows in one change.
const wanted = process.env.HOSTS.split(',');
const deadline = Date.now() + 25 * 60 * 1000;
// With fewer members wanted and no primary for this long, the others are gone for good and cannot vote.
const patienceWithoutPrimary = 120 * 1000;

function admin(host) {
  const user = encodeURIComponent(process.env.MONGO_USER);
  const password = encodeURIComponent(process.env.MONGO_PASSWORD);
  const options = 'directConnection=true&authSource=admin&serverSelectionTimeoutMS=5000&connectTimeoutMS=5000';
  return new Mongo('mongodb://' + user + ':' + password + '@' + host + '/?' + options).getDB('admin');
}

function configOf(db) {
  return db.runCommand({ replSetGetConfig: 1 }).config;
}

function change(db, config, members, force) {
  config.members = members;
  config.version = config.version + 1;
  db.runCommand({ replSetReconfig: config, force: force });
}

let lastPrimary = Date.now();
let done = false;
while (!done) {
  if (Date.now() > deadline) {
    print('gave up: the set is not what was asked for');
    quit(1);
  }

  try {
    const first = admin(wanted[0]);
    let config = null;
    try {
      config = configOf(first);
    } catch (error) {
      if (error.code !== 94) { // NotYetInitialized
        throw error;
      }
      print('initiating with ' + wanted[0]);
      first.runCommand({ replSetInitiate: { _id: process.env.REPLICA_SET, members: [{ _id: 0, host: wanted[0] }] } });
      config = configOf(first);
    }

    let primary = null;
    for (const member of config.members) {
      try {
        const candidate = admin(member.host);
        if (candidate.runCommand({ hello: 1 }).isWritablePrimary) {
          primary = candidate;
          config = configOf(candidate);
          break;
        }
      } catch (error) {
        print(member.host + ': ' + error.message);
      }
    }

    const hosts = config.members.map(m => m.host);
    const missing = wanted.filter(h => !hosts.includes(h));
    const extra = hosts.filter(h => !wanted.includes(h));

    if (primary === null) {
      if (extra.length > 0 && missing.length === 0 && Date.now() - lastPrimary > patienceWithoutPrimary) {
        print('forcing out ' + extra.join(','));
        change(first, config, config.members.filter(m => wanted.includes(m.host)), true);
      }
    } else {
      lastPrimary = Date.now();
      if (missing.length > 0) {
        print('adding ' + missing[0]);
        const id = Math.max(...config.members.map(m => m._id)) + 1;
        change(primary, config, [...config.members, { _id: id, host: missing[0] }], false);
      } else if (extra.length > 0) {
        const leaving = extra[0];
        if (primary.runCommand({ hello: 1 }).me === leaving) {
          print('asking ' + leaving + ' to step down');
          primary.runCommand({ replSetStepDown: 60 });
        } else {
          print('removing ' + leaving);
          change(primary, config, config.members.filter(m => m.host !== leaving), false);
        }
      } else {
        print('the set is ' + hosts.join(','));
        done = true;
      }
    }
  } catch (error) {
    print(error.message);
  }

  if (!done) {
    sleep(3000);
  }
}
