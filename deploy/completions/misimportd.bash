# The program itself tells what may come next. misimport is the same on a server.
complete -C /usr/bin/misimportd misimportd misimport
