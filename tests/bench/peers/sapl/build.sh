#!/usr/bin/env bash
# usage: build.sh OUT      leaves OUT/peer; exit code 77 without mvn
set -euo pipefail
command -v mvn >/dev/null || { echo "skipped: no mvn"; exit 77; }
cd "$(dirname "$0")"
mvn -q -B -Dout="$1" compile dependency:copy-dependencies
cat >"$1/peer" <<END
#!/usr/bin/env bash
exec java -Xmx8g -XX:+UseSerialGC -cp "$1/classes:$1/dependency/*" Peer "\$@"
END
chmod +x "$1/peer"
