"""Routes of the bottom floor."""

from django.urls import path

from tenants.pages import account, agencies, parked, people, root

urlpatterns = [
    path("", root.Root.as_view(), name="root"),
    path("agencies/", agencies.DirectoryPage.as_view(), name="agencies"),
    path("agencies/new/", agencies.RegisterPage.as_view(), name="agency-new"),
    path("agencies/<slug:slug>/move/", agencies.MoveAgency.as_view(), name="agency-move"),
    path("agencies/<slug:slug>/call-tree/", agencies.CallTree.as_view(), name="agency-call-tree"),
    path("agencies/<slug:slug>/keys/", people.MakeKey.as_view(), name="key-new"),
    path("keys/<slug:prefix>/revoke/", people.RevokeKey.as_view(), name="key-revoke"),
    path("people/", people.PeoplePage.as_view(), name="people"),
    path("people/<uuid:person>/", people.PersonPage.as_view(), name="person"),
    path("people/<uuid:person>/deactivate/", people.Deactivate.as_view(), name="person-deactivate"),
    path("people/<uuid:person>/reactivate/", people.Reactivate.as_view(), name="person-reactivate"),
    path("roles/<uuid:membership>/end/", people.EndRole.as_view(), name="role-end"),
    path("parked/", parked.ParkedPage.as_view(), name="parked"),
    path("parked/<int:delivery_id>/retry/", parked.RetryDelivery.as_view(), name="delivery-retry"),
    path("parked/<int:delivery_id>/skip/", parked.SkipDelivery.as_view(), name="delivery-skip"),
    path("account/", account.AccountPage.as_view(), name="account"),
    path("account/preferences/", account.Preferences.as_view(), name="preferences"),
    path("account/agency/", account.ChooseAgency.as_view(), name="choose-agency"),
    path("account/tokens/", people.MakeToken.as_view(), name="token-new"),
    path("account/tokens/<slug:prefix>/revoke/", people.RevokeToken.as_view(), name="token-revoke"),
]
