# Starts a watcher that stops PostgreSQL after its owner's death, then becomes PostgreSQL.
#
# $1   the signal that stops the server
# $2   a folder to remove after the server's end, or empty
# $3…  the server and its arguments
#
# Standard input is a pipe that only the owner can write to. A line on it means that the owner has reaped
# the server, so the watcher exits. End of file means that the owner died.
#
# A double fork orphans the watcher, because PostgreSQL takes every child of its own for a worker.
# $$ is the server's process id: the shell becomes the server by exec.
exec 3<&0 </dev/null
( (
    read -r _ <&3 && exit
    # Repeats the signal: the first may come before the server has installed its handlers.
    tries=3000
    while [ $tries -gt 0 ] && kill -s "$1" $$; do
        sleep 0.1
        tries=$((tries - 1))
    done
    [ -z "$2" ] || rm -rf -- "$2"
) >/dev/null 2>&1 & )
shift 2
exec "$@" 3<&-
