urlpatterns=[]; app_name="places"
