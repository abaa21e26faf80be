# SPDX-License-Identifier: BSD-3-Clause
# make run APP=nginx PORTS=tcp:8080:80
$(eval $(call addapp,nginx))
APPNGINX_ABOUT    := nginx from Debian as one process, static files, port 80
APPNGINX_PACKAGES := nginx
APPNGINX_PROGRAM  := /usr/sbin/nginx
APPNGINX_FILES    := $(APPNGINX_BASE)/nginx.conf:/etc/nginx/nginx.conf \
		     $(APPNGINX_BASE)/index.html:/var/www/index.html \
		     /etc/nginx/mime.types
APPNGINX_PORTS    := tcp:8080:80
